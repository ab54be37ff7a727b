# The stages of an answer without a model, beside the line that holds the most words of the question.
add_executable(bench_answers ${CMAKE_CURRENT_LIST_DIR}/answers_bench.cpp)
target_link_libraries(bench_answers PRIVATE daimon_exam daimon_fs daimon_memory)
add_dependencies(bench_answers daimon-sandbox)

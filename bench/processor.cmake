# Beside llama-server of the same package: bench_processor [MODEL.gguf] (the firmware when there is one, else a random
# model of about its size).
add_executable(bench_processor ${CMAKE_SOURCE_DIR}/bench/processor.cpp)
target_include_directories(bench_processor PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(bench_processor PRIVATE -Wno-missing-field-initializers)
target_link_libraries(bench_processor PRIVATE daimon_processor)
target_compile_definitions(bench_processor PRIVATE DAIMON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

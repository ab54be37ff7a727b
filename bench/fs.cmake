# Beside SQLite FTS5 alone, over the same chunks, in one run.
add_executable(bench_fs ${CMAKE_CURRENT_LIST_DIR}/fs_bench.cpp)
target_link_libraries(bench_fs PRIVATE daimon_fs daimon_memory)
add_dependencies(bench_fs daimon-sandbox)

# The kernel beside the disk that it commits to, beside its own processor's load, and beside one process after another.
add_executable(bench_kernel ${CMAKE_CURRENT_LIST_DIR}/kernel_bench.cpp ${CMAKE_CURRENT_LIST_DIR}/kernel_boot.cpp
  ${CMAKE_CURRENT_LIST_DIR}/kernel_crowd.cpp ${CMAKE_CURRENT_LIST_DIR}/kernel_steps.cpp
  ${CMAKE_CURRENT_LIST_DIR}/kernel_world.cpp)
target_include_directories(bench_kernel PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(bench_kernel PRIVATE DAIMON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_kernel PRIVATE daimon_kernel)

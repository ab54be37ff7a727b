# Beside libllama's grammar sampler, on the same schemas and vocabularies, in one run.
pkg_check_modules(LLAMA REQUIRED IMPORTED_TARGET llama)
find_library(GGML_BASE_LIBRARY ggml-base REQUIRED)  # gguf.h
add_executable(bench_constraint ${CMAKE_CURRENT_LIST_DIR}/constraint_bench.cpp
  ${CMAKE_CURRENT_LIST_DIR}/constraint_cases.cpp ${CMAKE_CURRENT_LIST_DIR}/constraint_vocabulary.cpp)
target_compile_definitions(bench_constraint PRIVATE DAIMON_FIRMWARE="${CMAKE_SOURCE_DIR}/firmware/daimon-firmware.gguf")
target_link_libraries(bench_constraint PRIVATE daimon_constraint PkgConfig::LLAMA ${GGML_BASE_LIBRARY})

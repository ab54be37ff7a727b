daimon_fuzzer(memory_tools USES memory)

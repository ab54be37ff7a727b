daimon_fuzzer(memory_tools USES memory)
daimon_fuzzer(memory_answers USES memory)

daimon_fuzzer(memory_tools USES memory)
daimon_fuzzer(memory_answers USES memory)
daimon_fuzzer(memory_goals USES memory)

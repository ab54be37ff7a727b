daimon_fuzzer(processor_gguf USES processor)
daimon_fuzzer(processor_events USES processor)

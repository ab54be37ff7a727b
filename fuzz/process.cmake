daimon_fuzzer(process_journal USES process)

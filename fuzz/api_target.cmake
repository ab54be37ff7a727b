daimon_fuzzer(api_target USES api)

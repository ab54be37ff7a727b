daimon_fuzzer(api_stream USES api)

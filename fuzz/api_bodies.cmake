daimon_fuzzer(api_bodies USES api)

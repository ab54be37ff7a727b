daimon_fuzzer(device_csv USES device)
daimon_fuzzer(device_expression USES device)
daimon_fuzzer(device_diff USES device)
daimon_fuzzer(device_web_address USES device)

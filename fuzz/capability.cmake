daimon_fuzzer(capability_rules USES capability)

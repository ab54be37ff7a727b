daimon_fuzzer(constraint USES constraint)

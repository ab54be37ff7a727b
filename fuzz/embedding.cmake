daimon_fuzzer(embedding USES embedding)

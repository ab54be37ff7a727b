daimon_fuzzer(fs_documents USES fs)

daimon_fuzzer(exam_paper USES exam)

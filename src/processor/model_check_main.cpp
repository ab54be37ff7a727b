// daimon-model-check FILE: see model_check.h.
#include <cstdio>

#include "processor/model_check.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: daimon-model-check FILE.gguf\n", stderr);
    return 2;
  }
  return daimon::processor::check_model_here(arguments[1]);
}

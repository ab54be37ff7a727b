// What the kernel costs, without the model and with it.
//
//   bench_kernel [steps] [boot] [crowd]    all three when none is named
//
// steps  Wall time of an input, from where it reaches the kernel to where what it led to leaves the kernel, with the
//        real journal, files and devices and a processor that answers at once; what of it is what; beside a bare commit
//        and a bare fdatasync of the same bytes on the same disk ($TMPDIR says which).
// boot   From boot() to the first status() and to the first token of the firmware, each in a process of its own, beside
//        a bare load of the firmware.
// crowd  Eight at once that share a prefix, beside one after another, on one thread with the firmware: requests to the
//        processor alone, then whole processes.
#include <algorithm>
#include <cstdio>
#include <span>
#include <string_view>

#include "kernel_world.h"

int main(int count, char** arguments) {
  using namespace daimon::bench;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::span<char*> words(arguments + 1, arguments + count);
  if (words.size() == 2 && words[0] == kBootOnce) return boot_once(words[1]);
  if (words.size() == 1 && words[0] == kLoadOnce) return load_once();
  const auto wanted = [&](std::string_view name) {
    return words.empty() || std::ranges::any_of(words, [&](const char* word) { return word == name; });
  };
  if (wanted("steps")) bench_steps();
  if (wanted("boot")) bench_boot();
  if (wanted("crowd")) bench_crowd();
  return 0;
}

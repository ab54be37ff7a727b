// libllama as a library of this process: its backends, and what it would print.
#pragma once

#include <string>

namespace daimon::processor {

// Loads ggml's backends once (the CPU variant that fits this machine, GPUs that are there) and takes over libllama's
// log. Any thread.
void load_backends();
// "CPU (haswell)", or "CUDA0 (NVIDIA ...) and CPU (zen4)" when layers go to a GPU.
std::string describe_backends(bool gpu);
bool has_gpu();

// What libllama said of warnings and errors on this thread since the last call; one line. Empty when nothing.
std::string take_llama_complaints();

}  // namespace daimon::processor

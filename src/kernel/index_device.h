// The semantic file system as a device: survey, search, cite.
//
// `search` is what models call; `survey` (which files may the goal be about) and `cite` (does this quotation stand in
// that version, byte for byte) are the kernel's own calls, journaled and checked like any other.
#pragma once

#include <memory>

#include "device/device.h"
#include "fs/file_system.h"

namespace daimon::kernel {

std::unique_ptr<device::Device> make_index_device(fs::FileSystem& files);

}  // namespace daimon::kernel

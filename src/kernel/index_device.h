// The semantic file system as a device: survey, search, cite.
//
// `search` is what models call; `survey` (which files may the goal be about) and `cite` (does this quotation stand in
// that version, byte for byte) are the kernel's own calls, journaled and checked like any other.
//
// What a call finds is not known before it is made, so the device itself asks the constitution, file by file: one that
// may not be read, or only after asking, is as if it were not in the index.
#pragma once

#include <memory>

#include "capability/constitution.h"
#include "device/device.h"
#include "fs/file_system.h"

namespace daimon::kernel {

// The constitution outlives the device.
std::unique_ptr<device::Device> make_index_device(fs::FileSystem& files, const capability::Constitution& constitution);

}  // namespace daimon::kernel

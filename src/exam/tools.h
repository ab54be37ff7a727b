// The calls that a paper brings with it, as a device: each does nothing and says that it was made, so that what counts
// is which call a model makes and with what.
#pragma once

#include <memory>
#include <vector>

#include "device/device.h"
#include "exam/paper.h"

namespace daimon::exam {

// Of all homes together, each name once. None where the paper has none.
std::vector<std::unique_ptr<device::Device>> tools_of(const Paper& paper);

}  // namespace daimon::exam

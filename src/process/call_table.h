// The system-call table: every typed call that this kernel knows, by name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "device/device.h"

namespace daimon::process {

class CallTable {
 public:
  struct Entry {
    device::CallSpecification specification;
    std::string signature;   // "write(path, content)"
    device::Device* device;  // null for calls that the kernel itself carries out (ask); outlives the table
  };

  // kConflict when a name is taken.
  Status add(device::CallSpecification specification, device::Device* device);
  Status add_device(device::Device& device);
  [[nodiscard]] const Entry* find(std::string_view name) const;
  // The calls a model may be offered, in the order of adding.
  [[nodiscard]] std::vector<const Entry*> visible() const;
  // A hash of all calls as they are declared, and of the program that carries them out: what an approval is for.
  [[nodiscard]] std::string version(std::string_view build) const;

 private:
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> order_;
};

}  // namespace daimon::process

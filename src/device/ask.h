// ask(question): the call whose answer comes from the person. No device carries it out: the kernel turns it into a
// waiting state and completes it with the answer, as text in quotation marks, labelled user.
#pragma once

#include "device/device.h"

namespace daimon::device {

CallSpecification make_ask_specification();

}  // namespace daimon::device

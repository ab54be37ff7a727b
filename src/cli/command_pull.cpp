// daimon pull: fetches a model here, in this program, so that it needs no daemon and Ctrl-C ends it.
#include <poll.h>

#include <thread>

#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/progress_bar.h"
#include "processor/model_store.h"

namespace daimon::cli {

int pull(const Session& session, const Arguments& arguments) {
  const Terminal& terminal = session.terminal;
  const Interrupts interrupts;
  const api::Flag over;
  std::stop_source stop;
  std::jthread watcher([&] {
    std::array<pollfd, 2> polled{{{interrupts.descriptor(), POLLIN, 0}, {over.get(), POLLIN, 0}}};
    while (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) {
    }
    stop.request_stop();
  });
  ProgressBar bar(terminal);
  processor::PullOptions options;
  options.stop = stop.get_token();
  if (!arguments.has("quiet"))
    options.on_progress = [&](const processor::PullProgress& now) {
      const std::string part = now.parts > 1 ? daimon::format(" ({} of {})", now.part, now.parts) : "";
      std::string right = daimon::format("{} of {}{}{}/s", show_bytes(static_cast<double>(now.bytes_done)),
                                         show_bytes(static_cast<double>(now.bytes_total)), terminal.symbols->dot,
                                         show_bytes(now.bytes_per_second));
      if (now.seconds_left > 0)
        right += daimon::format("{}{}", terminal.symbols->dot, show_duration(now.seconds_left * 1000));
      bar.show(now.bytes_total > 0 ? static_cast<double>(now.bytes_done) / static_cast<double>(now.bytes_total) : -1,
               printable(now.file) + part, right);
    };
  const auto path =
      processor::ModelStore(processor::ModelStore::default_folder()).pull(arguments.positional[0], options);
  over.raise();
  watcher.join();
  bar.clear();
  if (!path && interrupts.count() > 0) {
    session.note(
        daimon::format("interrupted; daimon pull {} goes on where it stopped", printable(arguments.positional[0])));
    return kInterrupted;
  }
  if (!path) return session.failed(path.error());
  terminal.out.write(printable(path->native()) + "\n");
  session.note(daimon::format("daimon run --model {} \"GOAL\" uses it", printable(arguments.positional[0])));
  return kSuccess;
}

}  // namespace daimon::cli

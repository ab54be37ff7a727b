// Killed at any point of an indexing, the index is whole and the next mount goes on where it stopped.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs_world.h"

namespace daimon::fs {
namespace {

constexpr int kFiles = 200;

// Indexes in a child process and kills it when `kill_after` files are done.
void index_and_kill(const FsWorld& world, std::int64_t kill_after) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    FileSystem::Options options;
    options.database = world.folder / "index.db";
    options.watch = false;
    auto files = FileSystem::open(options);
    if (!files) ::_exit(1);
    static_cast<void>((*files)->mount(world.home(), "home",
                                      [&](const Progress& now) {
                                        if (now.files_done >= kill_after) ::kill(::getpid(), SIGKILL);
                                      },
                                      {}));
    ::_exit(2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(Crash, AnIndexingKilledAnywhereGoesOnWhereItStopped) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "forks";
#endif
  FsWorld world;
  for (int i = 0; i < kFiles; ++i)
    world.put("note" + std::to_string(i) + ".md",
              "word" + std::to_string(i) + " shared\n\n" + std::string(3000, 'x') + "\n");
  std::int64_t done = 0;
  for (const std::int64_t more : {1, 7, 40, 60}) {
    // Done files are not reported again: unchanged ones count, so the count goes on from where it was.
    index_and_kill(world, done + more);
    world.open();
    const auto mounts = world.files->mounts();
    ASSERT_TRUE(mounts);
    ASSERT_EQ(mounts->size(), 1U);
    ASSERT_GE(mounts->at(0).files, done) << "what was done stays done";
    done = mounts->at(0).files;
    ASSERT_EQ(static_cast<std::int64_t>(world.search("shared", 1000).size()), std::min<std::int64_t>(done, 80))
        << "all of it can be found";
    world.files.reset();
  }
  EXPECT_GT(done, 60);
  const MountReport report = world.mount();
  EXPECT_EQ(report.unchanged, done);
  EXPECT_EQ(report.indexed, kFiles - done);
  for (int i = 0; i < kFiles; i += 13)
    EXPECT_EQ(world.best("word" + std::to_string(i)), "note" + std::to_string(i) + ".md");
}

}  // namespace
}  // namespace daimon::fs

#include "device/python_device.h"
#include "device_world.h"

namespace daimon::device {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Python : ::testing::Test {
  std::string run(std::string_view code) {
    return text_or_error(world.run(*device, "python", JsonObject{{"code", code}}));
  }
  DeviceWorld world;
  std::unique_ptr<Device> device = make_python_device();
};

TEST_F(Python, WhatAProgramPrintsIsItsResult) {
  EXPECT_EQ(run("print(sum(range(10)))"), "45");
  EXPECT_EQ(run("x = 1"), "it printed nothing");
  EXPECT_EQ(run("print('\xC2\xA3"
                "84.20')"),
            "\xC2\xA3"
            "84.20");
}

// The folder above the mount is closed to others, as people's homes are.
TEST_F(Python, ItReadsTheMountsAndChangesNothing) {
  world.put("notes/a.txt", "hello");
  std::filesystem::permissions(world.folder, std::filesystem::perms(0700));
  EXPECT_EQ(run("print(open('/mounts/home/notes/a.txt').read())"), "hello");
  EXPECT_EQ(run("open('own.txt', 'w').write('own'); print(open('own.txt').read())"), "own");
  EXPECT_THAT(run("open('own.txt')"), HasSubstr("FileNotFoundError")) << "gone with the program that wrote it";
  EXPECT_THAT(run("open('/mounts/home/new.txt', 'w')"), HasSubstr("Read-only file system"));
  EXPECT_FALSE(std::filesystem::exists(world.folder / "home/new.txt"));
  const auto outcome = world.run(*device, "python", JsonObject{{"code", "print(1)"}});
  EXPECT_EQ(outcome->label.integrity, capability::Integrity::kUntrusted);
  EXPECT_THAT(outcome->label.sources, ::testing::Contains("file:home"));
}

TEST_F(Python, AllThatItWritesIsBoundedTogetherAndNothingOfItStays) {
  PythonOptions options;
  options.profile.scratch_bytes = 8 << 20;
  device = make_python_device(options);
  EXPECT_THAT(run("for i in range(8): open(f'{i}', 'w').write('x' * (2 << 20))"), HasSubstr("No space left on device"));
  EXPECT_TRUE(std::filesystem::is_empty(world.folder / "state"));
}

TEST_F(Python, DaimonsOwnFoldersAreEmptyOrNotThere) {
  world.put("config/daimon/constitution.txt", "never write file *");
  close_folders(world.mounts[0], std::vector{world.folder / "home/config/daimon"});
  EXPECT_EQ(run("import os; print(os.listdir('/mounts/home/config/daimon'))"), "[]");
  close_folders(world.mounts[0], std::vector{world.folder});
  EXPECT_EQ(run("import os; print(os.path.exists('/mounts/home'))"), "False");
}

TEST_F(Python, KeysAndPasswordsAreNotThere) {
  world.put(".ssh/id_ed25519", "Rosebud");
  world.put("site/.env", "TOKEN=Rosebud");
  world.put("site/index.py", "print");
  world.put("server.pem", "Rosebud");
  std::filesystem::create_symlink("site/.env", world.folder / "home/link");
  EXPECT_EQ(run("import os; print(os.listdir('/mounts/home/.ssh'))"), "[]");
  for (const std::string name : {"site/.env", "server.pem", "link"})
    EXPECT_THAT(run("print(open('/mounts/home/" + name + "').read())"), Not(HasSubstr("Rosebud"))) << name;
  EXPECT_THAT(run("print(open('/mounts/home/server.pem').read())"), HasSubstr("Error"));
  EXPECT_EQ(run("print(open('/mounts/home/site/index.py').read())"), "print");
  EXPECT_EQ(run("import subprocess as s; print(s.run('grep -r Rosebud /mounts 2>/dev/null', shell=True, "
                "capture_output=True, text=True).stdout)"),
            "it printed nothing");
  // More than can be covered one by one.
  for (int i = 0; i < 300; ++i) world.put("many/" + std::to_string(i) + ".key", "Rosebud");
  const std::string note =
      "\n(1 folder with too many keys or passwords to hide one by one looked empty to this program)";
  EXPECT_EQ(run("import os; print(os.listdir('/mounts/home/many'))"), "[]" + note);
  EXPECT_EQ(run("print(open('/mounts/home/site/index.py').read())"), "print" + note);
  std::filesystem::remove_all(world.folder / "home/many");
  world.mounts.push_back({"keys", world.folder / "home/.ssh", false});
  EXPECT_EQ(run("import os; print(os.path.exists('/mounts/keys'))"), "False");
}

TEST_F(Python, ProcessesOfAProgramTalkThoughThereAreNoSockets) {
  EXPECT_EQ(run("import subprocess; print(subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout)"),
            "hi");
  EXPECT_EQ(run("import multiprocessing as m\n"
                "c = m.get_context('fork')\n"
                "a, b = c.Pipe()\n"
                "p = c.Process(target=lambda: b.send(b.recv() * 2))\n"
                "p.start(); a.send(21); print(a.recv()); p.join()"),
            "42");
  EXPECT_EQ(run("import asyncio\n"
                "async def f():\n"
                "  p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n"
                "  return (await p.communicate())[0].decode()\n"
                "print(asyncio.run(f()))"),
            "hi");
  EXPECT_THAT(run("import socket; socket.socket(socket.AF_UNIX)"), HasSubstr("PermissionError"));
}

TEST_F(Python, ExceptionsAndLimitsAreErrorsThatSayWhich) {
  EXPECT_EQ(run("a = 1\nprint(a / 0)"), "error: ZeroDivisionError: division by zero (line 2)");
  EXPECT_THAT(run("print("), HasSubstr("SyntaxError"));
  EXPECT_EQ(run("import sys; sys.exit(3)"), "error: the program ended with code 3");
  EXPECT_THAT(run("import socket; socket.create_connection(('1.1.1.1', 53))"), HasSubstr("PermissionError"));
  EXPECT_THAT(run("x = bytearray(2 << 30)"), HasSubstr("more than 512 MiB of memory"));
  PythonOptions options;
  options.profile.cpu = std::chrono::seconds(1);
  options.profile.output_bytes = 10'000;
  device = make_python_device(options);
  EXPECT_THAT(run("while True: pass"), HasSubstr("more than 1 s of processor time"));
  EXPECT_THAT(run("while True: print('x' * 1000)"), HasSubstr("printed more than 9 KiB"));
  options.sandbox.bubblewrap = "/nowhere/bwrap";
  device = make_python_device(options);
  EXPECT_THAT(run("print(1)"), HasSubstr("no code can be run safely here"));
}

}  // namespace
}  // namespace daimon::device

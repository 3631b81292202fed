// The supervisor on real workers with real JAX: what a function does to its worker costs that
// function alone.
#include "trace/tracer.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "tensor/convert.h"

namespace jaxsmith {
namespace {

using namespace std::chrono_literals;

TracerOptions options() {
  TracerOptions out;
  out.python = JAXSMITH_PYTHON;
  out.python_path = JAXSMITH_PYTHON_PATH;
  out.function_seconds = 10;
  out.memory_bytes = std::int64_t{2} << 30;
  return out;
}

// `body` is what `def f(x)` does, x of type f32[3].
Function function(const std::string& body) {
  Function f;
  f.source =
      "import os\nimport signal\nimport sys\nimport time\n\nimport jax\nimport jax.numpy as "
      "jnp\n\n\ndef f(x):\n" +
      body;
  f.entry = "f";
  f.arguments = {{"x", DType::kF32, {3}}};
  for (int set = 0; set < kInputSets; ++set) {
    const std::array<double, 3> numbers = {0.5 + set, -1.25 * set, 0.75};
    f.inputs[static_cast<std::size_t>(set)] = {tensor_from_doubles(DType::kF32, {3}, numbers)};
  }
  return f;
}

std::vector<Function> good_functions() {
  return {function("    return jnp.sin(x) * 2\n"), function("    return jnp.sort(x)[::-1]\n"),
          function("    return x @ x + jnp.exp(x)\n"),
          function("    return jax.vmap(lambda v: v**2)(x)\n")};
}

// Processes of this one that are still alive, and theirs.
std::vector<pid_t> descendants(pid_t of) {
  std::vector<pid_t> out;
  DIR* all = opendir("/proc");
  while (const dirent* entry = readdir(all)) {
    const pid_t pid = static_cast<pid_t>(std::atoi(entry->d_name));
    if (pid <= 0) continue;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;
    char state = 0;
    int parent = 0;
    if (std::sscanf(text.c_str() + name_end + 1, " %c %d", &state, &parent) != 2) continue;
    if (parent != of || state == 'Z') continue;
    out.push_back(pid);
    for (pid_t below : descendants(pid)) out.push_back(below);
  }
  closedir(all);
  return out;
}

void expect_same(const Outcome& found, const Outcome& expected) {
  EXPECT_TRUE(found.ok) << found.refusal.stage << ": " << found.refusal.reason << ": "
                        << found.refusal.detail;
  EXPECT_EQ(found.levels, expected.levels);
  EXPECT_EQ(found.outputs, expected.outputs);
  EXPECT_EQ(found.argument_matters, expected.argument_matters);
}

// What the good functions give without a culprit; one worker serves all tests that do not break it.
const std::vector<Outcome>& undisturbed() {
  static const std::vector<Outcome> kOutcomes = [] {
    Tracer tracer(options());
    auto outcomes = tracer.trace(0, good_functions(), Route::kChunk, false);
    return outcomes.ok() ? outcomes.value() : std::vector<Outcome>();
  }();
  return kOutcomes;
}

struct Culprit {
  const char* name;
  const char* body;
  const char* stage;
  const char* reason;  // empty: it is no culprit, whatever it does
};

class Faults : public testing::TestWithParam<Culprit> {};

TEST_P(Faults, CostTheFunctionThatCausesThemAlone) {
  const Culprit& culprit = GetParam();
  std::vector<Function> functions = good_functions();
  functions.insert(functions.begin() + 2, function(culprit.body));
  Tracer tracer(options());
  const auto outcomes = tracer.trace(7, functions, Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  ASSERT_EQ(outcomes.value().size(), 5u);
  ASSERT_EQ(undisturbed().size(), 4u);
  for (std::size_t i = 0; i < 5; ++i) {
    if (i != 2) expect_same(outcomes.value()[i], undisturbed()[i - (i > 2)]);
  }
  const Outcome& its = outcomes.value()[2];
  if (*culprit.reason == '\0') {
    EXPECT_TRUE(its.ok) << its.refusal.reason << its.refusal.detail;
    return;
  }
  EXPECT_FALSE(its.ok);
  EXPECT_EQ(its.refusal.stage, culprit.stage);
  EXPECT_EQ(its.refusal.reason, culprit.reason) << its.refusal.detail;
  EXPECT_FALSE(its.refusal.detail.empty());
  EXPECT_EQ(its.refusal.detail.find('\n'), std::string::npos);
}

constexpr Culprit kCulprits[] = {
    {"Segfault", "    os.kill(os.getpid(), signal.SIGSEGV)\n    return x\n", "trace", "crash"},
    {"NativeCrash", "    import ctypes\n    ctypes.string_at(0)\n    return x\n", "trace", "crash"},
    {"CrashWhileRunning",
     "    jax.debug.callback(lambda v: os.kill(os.getpid(), signal.SIGABRT), x)\n    return x + "
     "1\n",
     "run", "crash"},
    {"Exit", "    os._exit(0)\n", "trace", "crash"},
    {"Hang", "    while True:\n        time.sleep(0.1)\n", "trace", "timeout"},
    {"HangInXla", "    return jax.lax.while_loop(lambda v: v[0] < 9e9, lambda v: jnp.sin(v), x)\n",
     "run", "timeout"},
    {"Memory",
     "    kept = []\n    while True:\n        kept.append(bytearray(b'x') * (64 << 20))\n", "trace",
     "memory"},
    {"MemoryOfChild",
     "    import subprocess\n    subprocess.run([sys.executable, '-c', 'k = []\\nwhile True: "
     "k.append(b\"x\" * (64 << 20))'])\n"
     "    return x\n",
     "trace", "memory"},
    {"JunkInResults",
     "    for _ in range(100):\n        os.write(4, b'junk' * 1000)\n    return x\n", "trace",
     "crash"},
    {"ClosesItsStreams", "    os.closerange(3, 64)\n    return x\n", "trace", "crash"},
    {"Flood",
     "    for _ in range(20000):\n        print('y' * 500)\n        print('z' * 500, "
     "file=sys.stderr)\n    return x * 3\n",
     "", ""},
    {"FloodOfBytes",
     "    for _ in range(400):\n        os.write(1, b'w' * 65536)\n    return x * 3\n", "", ""},
    {"LingeringChild",
     "    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\n    return x * 3\n", "",
     ""},
    {"ChildThatReturns", "    os.fork()\n    return x * 3\n", "", ""},
};
INSTANTIATE_TEST_SUITE_P(Tracer, Faults, testing::ValuesIn(kCulprits),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Tracer, SeveralCulpritsAreAllFound) {
  std::vector<Function> functions = good_functions();
  functions.insert(functions.begin(), function("    os._exit(1)\n"));
  functions.push_back(function("    os.kill(os.getpid(), signal.SIGKILL)\n"));
  Tracer tracer(options());
  const auto outcomes = tracer.trace(1, functions, Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  for (std::size_t i = 0; i < 6; ++i) {
    if (i > 0 && i < 5)
      expect_same(outcomes.value()[i], undisturbed()[i - 1]);
    else
      EXPECT_EQ(outcomes.value()[i].refusal.reason, "crash") << i;
  }
}

TEST(Tracer, AWorkerKilledFromOutsideIsNobodysFault) {
  Tracer tracer(options());
  ASSERT_TRUE(tracer.start().ok());
  std::atomic<bool> over = false;
  int killed = 0;
  std::jthread killer([&] {
    for (int i = 0; i < 3 && !over; ++i) {
      std::this_thread::sleep_for(i == 0 ? 50ms : 1500ms);
      for (pid_t pid : descendants(getpid())) killed += !over && kill(pid, SIGKILL) == 0;
    }
  });
  const auto outcomes = tracer.trace(2, good_functions(), Route::kChunk, false);
  over = true;
  killer.join();
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  EXPECT_GT(killed, 0);
  for (std::size_t i = 0; i < 4; ++i) expect_same(outcomes.value()[i], undisturbed()[i]);
}

TEST(Tracer, BothRoutesGiveTheSameTexts) {
  Tracer tracer(options());
  const auto outcomes = tracer.trace(0, good_functions(), Route::kPlain, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(outcomes.value()[i].ok) << outcomes.value()[i].refusal.detail;
    EXPECT_EQ(outcomes.value()[i].levels, undisturbed()[i].levels);
  }
}

TEST(Tracer, CancelledItLeavesNoProcess) {
  std::atomic<bool> cancel = false;
  Tracer tracer(options());
  std::jthread later([&] {
    std::this_thread::sleep_for(3s);
    cancel = true;
  });
  const std::vector<Function> functions = {function("    time.sleep(5)\n    return x\n")};
  const auto outcomes = tracer.trace(0, functions, Route::kChunk, cancel);
  ASSERT_FALSE(outcomes.ok());
  EXPECT_EQ(outcomes.error().message, "interrupted");
  EXPECT_TRUE(descendants(getpid()).empty());
}

TEST(Tracer, AMissingOrWrongJaxGetsOneLine) {
  std::string folder = testing::TempDir() + "jaxsmith-trace-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string other = folder, broken = other + "/broken";
  // What an installation of another version leaves, and a package that is JAX by name only.
  ASSERT_EQ(std::system(
                ("cd " + other +
                 " && mkdir -p jax-0.4.30.dist-info broken/jax && touch broken/jax/__init__.py && "
                 "printf 'Metadata-Version: 2.1\\nName: jax\\nVersion: 0.4.30\\n' > "
                 "jax-0.4.30.dist-info/METADATA")
                    .c_str()),
            0);
  struct Case {
    std::string python, path, says;
  };
  const Case cases[] = {{"no-such-python", JAXSMITH_PYTHON_PATH, "no-such-python"},
                        {"/bin/false", JAXSMITH_PYTHON_PATH, "exit status 1"},
                        {JAXSMITH_PYTHON, "/", "jaxsmith"},
                        {JAXSMITH_PYTHON, other + ":" + JAXSMITH_PYTHON_PATH, "0.4.30"},
                        {JAXSMITH_PYTHON, broken + ":" + JAXSMITH_PYTHON_PATH, "does not import"}};
  for (const Case& c : cases) {
    TracerOptions o = options();
    o.python = c.python;
    o.python_path = c.path;
    Tracer tracer(o);
    const auto versions = tracer.start();
    ASSERT_FALSE(versions.ok()) << c.python;
    EXPECT_EQ(versions.error().kind, ErrorKind::kEnvironment);
    EXPECT_NE(versions.error().message.find(c.says), std::string::npos) << versions.error().message;
    EXPECT_EQ(versions.error().message.find('\n'), std::string::npos);
  }
  EXPECT_EQ(std::system(("rm -r " + folder).c_str()), 0);
}

}  // namespace
}  // namespace jaxsmith

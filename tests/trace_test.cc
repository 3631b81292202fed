// The supervisor on real workers with real JAX: what a function does to its worker costs that
// function alone.
#include "trace/tracer.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "backend/backend.h"
#include "base/threads.h"
#include "tensor/convert.h"

namespace jaxsmith::trace {

using source::Function;

namespace {

using namespace std::chrono_literals;

TracerOptions options() {
  TracerOptions out;
  out.worker = backend::backend_named("jax")->worker();
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
  f.arguments = {{"x", tensor::DType::kF32, {3}}};
  for (int set = 0; set < source::kInputSets; ++set) {
    const std::array<double, 3> numbers = {0.5 + set, -1.25 * set, 0.75};
    f.inputs[static_cast<std::size_t>(set)] = {
        tensor::tensor_from_doubles(tensor::DType::kF32, {3}, numbers)};
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
  EXPECT_TRUE(found.ok) << word(found.refusal.stage) << ": " << found.refusal.reason << ": "
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
  EXPECT_EQ(word(its.refusal.stage), culprit.stage);
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

// A function that stays in its trace while the file says "wait".
class Gate {
 public:
  Gate() { set("wait"); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { std::remove(path_.c_str()); }
  void open() { set("go"); }
  Function waiting_function() const {
    return function("    while open(\"" + path_ +
                    "\").read() == \"wait\":\n        time.sleep(0.01)\n    return x * 7\n");
  }

 private:
  void set(const char* text) {
    const std::string fresh = path_ + ".new";
    std::ofstream(fresh) << text;
    std::rename(fresh.c_str(), path_.c_str());
  }
  static inline int made_ = 0;
  std::string path_ = testing::TempDir() + "jaxsmith-gate-" + std::to_string(getpid()) + "-" +
                      std::to_string(++made_);
};

// Killed while it is at a function, in the chunk, in the chunk once more, and when the chunk is
// done a third time at another one: each time the worker says where it is, and cannot get on before
// it dies. (A function that meets a kill when it is alone as well is one that kills.)
TEST(Tracer, AWorkerKilledFromOutsideIsNobodysFault) {
  struct Place {
    std::size_t position;
    int kills;
    Gate gate = {};
  };
  Place places[] = {{2, 2}, {5, 1}};
  std::vector<Function> functions = good_functions();
  for (const Place& place : places)
    functions.insert(functions.begin() + static_cast<std::ptrdiff_t>(place.position),
                     place.gate.waiting_function());
  TracerOptions o = options();
  o.on_progress = [&](const Progress& progress) {
    for (Place& place : places) {
      if (progress.stage != Stage::kTrace || progress.functions != std::vector{place.position})
        continue;
      if (place.kills-- <= 0) return place.gate.open();
      const std::vector<pid_t> workers = descendants(getpid());
      ASSERT_EQ(workers.size(), 1u);
      ASSERT_EQ(kill(workers[0], SIGKILL), 0);
    }
  };
  Tracer tracer(o);
  const auto outcomes = tracer.trace(2, functions, Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  ASSERT_EQ(outcomes.value().size(), 6u);
  for (const Place& place : places) {
    EXPECT_LT(place.kills, 0);  // all of them were met, and the function was come to again
    const Outcome& outcome = outcomes.value()[place.position];
    EXPECT_TRUE(outcome.ok) << outcome.refusal.detail;
  }
  for (const auto& [found, expected] : {std::pair{0, 0}, {1, 1}, {3, 2}, {4, 3}})
    expect_same(outcomes.value()[static_cast<std::size_t>(found)],
                undisturbed()[static_cast<std::size_t>(expected)]);
}

// Its arrays, its text, its spans: whichever are too large, the function is refused for that and
// the others are what they are without it.
TEST(Tracer, AnAnswerThatIsTooLargeCostsItsFunctionAlone) {
  std::vector<Function> functions = good_functions();
  functions.insert(functions.begin() + 1, function("    return jnp.tile(x, 100_000)\n"));
  functions.push_back(function("    for _ in range(900):\n        x = jnp.sin(x)\n    return x\n"));
  for (const Route route : {Route::kChunk, Route::kPlain}) {
    TracerOptions o = options();
    o.most_outcome_bytes = 60'000;
    Tracer tracer(o);
    const auto outcomes = tracer.trace(2, functions, route, false);
    ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
    for (std::size_t i : {std::size_t{1}, std::size_t{5}}) {
      const Refusal& refusal = outcomes.value()[i].refusal;
      EXPECT_FALSE(outcomes.value()[i].ok);
      EXPECT_EQ(refusal.stage, Stage::kAnswer);
      EXPECT_EQ(refusal.reason, "size") << refusal.detail;
      EXPECT_NE(refusal.detail.find("more than 60,000"), std::string::npos) << refusal.detail;
    }
    if (route == Route::kPlain) continue;
    for (std::size_t i : {0, 2, 3, 4}) expect_same(outcomes.value()[i], undisturbed()[i - (i > 1)]);
  }
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
  const Gate gate;
  TracerOptions o = options();
  o.on_progress = [&](const Progress& progress) { cancel = progress.stage == Stage::kTrace; };
  Tracer tracer(o);
  const std::vector<Function> functions = {gate.waiting_function()};
  const auto outcomes = tracer.trace(0, functions, Route::kChunk, cancel);
  ASSERT_FALSE(outcomes.ok());
  EXPECT_EQ(outcomes.error().message, "interrupted");
  EXPECT_TRUE(descendants(getpid()).empty());
}

// A worker that does not say hello: whoever waits for it, alone or for a chunk, is heard.
TEST(Tracer, CancelledWhileAWorkerStartsItLeavesNoProcess) {
  const std::string script = testing::TempDir() + "jaxsmith-silent-" + std::to_string(getpid());
  std::ofstream(script) << "#!/bin/sh\nexec sleep 600\n";
  chmod(script.c_str(), 0700);
  for (const Route route : {Route::kChunk, Route::kPlain, Route::kText}) {
    std::atomic<bool> cancel = false;
    TracerOptions o = options();
    o.python = script;
    Threads canceller;
    const Status started = canceller.start([&](const std::stop_token& stop) -> Status {
      while (descendants(getpid()).empty() && !stop.stop_requested())
        std::this_thread::sleep_for(5ms);
      cancel = true;
      return {};
    });
    ASSERT_TRUE(started.ok());
    Tracer tracer(o);
    const auto outcomes = tracer.trace(0, good_functions(), route, cancel);
    canceller.stop();
    EXPECT_TRUE(canceller.join().ok());
    ASSERT_FALSE(outcomes.ok());
    EXPECT_EQ(outcomes.error().message, "interrupted");
    EXPECT_TRUE(descendants(getpid()).empty());
  }
  std::remove(script.c_str());
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
    ErrorKind kind = ErrorKind::kUsage;  // another Python is to be named
  };
  const Case cases[] = {
      {"no-such-python", JAXSMITH_PYTHON_PATH, "no-such-python"},
      {"/bin/false", JAXSMITH_PYTHON_PATH, "exit status 1", ErrorKind::kEnvironment},
      {JAXSMITH_PYTHON, "/", "jaxsmith", ErrorKind::kEnvironment},
      {JAXSMITH_PYTHON, other + ":" + JAXSMITH_PYTHON_PATH, "0.4.30"},
      {JAXSMITH_PYTHON, broken + ":" + JAXSMITH_PYTHON_PATH, "does not import"}};
  for (const Case& c : cases) {
    TracerOptions o = options();
    o.python = c.python;
    o.python_path = c.path;
    Tracer tracer(o);
    const auto versions = tracer.start(false);
    ASSERT_FALSE(versions.ok()) << c.python;
    EXPECT_EQ(versions.error().kind, c.kind) << c.python << " " << c.path;
    EXPECT_NE(versions.error().message.find(c.says), std::string::npos) << versions.error().message;
    EXPECT_EQ(versions.error().message.find('\n'), std::string::npos);
  }
  EXPECT_EQ(std::system(("rm -r " + folder).c_str()), 0);
}

}  // namespace
}  // namespace jaxsmith::trace

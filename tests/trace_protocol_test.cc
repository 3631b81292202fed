// What a broken or hostile worker may send: none of it ends, hangs or exhausts the supervisor.
#include "trace/protocol.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "backend/backend.h"
#include "base/random.h"
#include "tensor/convert.h"
#include "trace/tracer.h"

namespace jaxsmith::trace {
namespace {

using Json = nlohmann::json;

// A program in a worker's place: it says hello and reads a request; `body` does the rest.
class Scripted {
 public:
  explicit Scripted(const std::string& body, const std::string& hello = "send(HELLO)") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    std::ofstream out(path());
    out << "#!" JAXSMITH_PYTHON R"(
import os, struct, sys, time
import msgpack

def write(data):
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(4, rest):]

def send(message):
    body = message if isinstance(message, bytes) else msgpack.packb(message)
    write(struct.pack("<I", len(body)) + body)

def read(size):
    data = b""
    while len(data) < size:
        data += os.read(3, size - len(data)) or sys.exit(0)
    return data

HELLO = {"type": "hello", "versions": {"python": "3", "jax": "0", "jaxlib": "0", "numpy": "0"},
         "run_options": {}}
GOOD = {"ok": True, "levels": {"jaxpr": "text"}, "spans": {}, "constants": [], "outputs": [],
        "result_paths": [], "flops": 0.0, "bytes_accessed": 0.0, "argument_matters": [True],
        "stable": True, "recorded": 0, "cases": []}
BAD = {"ok": False, "stage": "run", "reason": "Error", "detail": "because"}

def progress(*functions, stage="run"):
    send({"type": "progress", "chunk": chunk, "stage": stage, "functions": list(functions)})

def outcome(i, **changes):
    send({"type": "outcome", "chunk": chunk, "function": i, "outcome": GOOD | changes})

def finish():
    send({"type": "result", "chunk": chunk})

def answer(**changes):
    for i in range(count):
        outcome(i, **changes)
    finish()

def output(dtype, shape, data):
    answer(outputs=[{"dtype": dtype, "shape": shape, "data": data}], result_paths=[""])

)" << hello
        << R"(
while True:
    request = msgpack.unpackb(read(struct.unpack("<I", read(4))[0]))
    chunk, functions = request["chunk"], request["functions"]
    count = len(functions)
    alive = [i for i in range(count) if not functions[i].get("skip")]
)";
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t end = std::min(body.find('\n', at), body.size());
      out << "    " << body.substr(at, end - at) << "\n";
      at = end + 1;
    }
    out.close();
    chmod(path().c_str(), 0700);
  }
  ~Scripted() { EXPECT_EQ(std::system(("rm -r " + folder_).c_str()), 0); }
  TracerOptions options() const {
    TracerOptions out;
    out.worker = backend::backend_named("jax")->worker();
    out.python = path();
    out.python_path = JAXSMITH_PYTHON_PATH;
    out.function_seconds = 2;
    return out;
  }

 private:
  std::string path() const { return folder_ + "/worker"; }
  std::string folder_ = testing::TempDir() + "jaxsmith-scripted-XXXXXX";
};

std::vector<source::Function> two_functions() {
  source::Function f;
  f.source = "def f(x):\n    return x\n";
  f.entry = "f";
  f.arguments = {{"x", tensor::DType::kF32, {}}};
  for (auto& set : f.inputs)
    set = {tensor::tensor_from_doubles(tensor::DType::kF32, {}, std::array{1.0})};
  f.cases = {1, 2};
  return {f, f};
}

TEST(ScriptedWorker, AWellBehavedOneIsBelieved) {
  const Scripted worker("progress(*alive)\nanswer()");
  Tracer tracer(worker.options());
  const auto outcomes = tracer.trace(3, two_functions(), Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  for (const Outcome& outcome : outcomes.value()) {
    EXPECT_TRUE(outcome.ok) << outcome.refusal.detail;
    EXPECT_EQ(outcome.levels.at(level::structure_level()), "text");
  }
}

struct Lie {
  const char* name;
  const char* body;
};

class Lies : public testing::TestWithParam<Lie> {};

TEST_P(Lies, CostTheirFunctionsAndNothingElse) {
  const Scripted worker(GetParam().body);
  Tracer tracer(worker.options());
  const auto outcomes = tracer.trace(3, two_functions(), Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  ASSERT_EQ(outcomes.value().size(), 2u);
  for (const Outcome& outcome : outcomes.value()) {
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.refusal.reason, "crash") << outcome.refusal.detail;
  }
}

constexpr Lie kLies[] = {
    {"PositionBeyondTheRequest", "progress(7)\nos._exit(1)"},
    {"PositionBeyondTheRequestWhenIsolated",
     "progress(7 if request['isolate'] else 0)\nos._exit(1)"},
    {"PositionLeftOut", "progress(0)\nos._exit(1)"},
    {"PositionNegative", "progress(-1)\nanswer()"},
    {"PositionOf64Bits", "progress(2**64 - 1)\nanswer()"},
    {"PositionReal", "progress(0.0)\nanswer()"},
    {"PositionTruth", "progress(False)\nanswer()"},
    {"PositionsWithoutEnd", "progress(*([0] * 100000))\nanswer()"},
    {"PositionsNoList",
     "send({'type': 'progress', 'chunk': chunk, 'stage': 'run', 'functions': {}})"},
    {"ProgressWithoutEnd", "while True: progress(alive[0])"},
    {"ProgressOfAnotherChunk", "chunk += 1\nprogress(0)\nchunk -= 1\nanswer()"},
    {"StageOfManyWords", "progress(0, stage='x' * 1000)\nanswer()"},
    {"StageOfTwoLines", "progress(0, stage='a\\nb')\nanswer()"},
    {"HelloWithoutEnd", "while True: send(HELLO)"},
    {"FatalInBetween", "send({'type': 'fatal', 'message': 'no'})\nanswer()"},
    {"NestedLists", "send(b'\\x91' * 5000000)"},
    {"NestedTables", "send(b'\\x81\\xa0' * 5000000)"},
    {"NestedInAnOutcome", "answer(spans={'jaxpr': eval('[' * 50 + ']' * 50)})"},
    {"ListOfClaimedLength", "send(b'\\xdd\\xff\\xff\\xff\\xff')"},
    {"TableOfClaimedLength", "send(b'\\xdf\\xff\\xff\\xff\\xff')"},
    {"BytesOfClaimedLength", "send(b'\\xc6\\xff\\xff\\xff\\xff')"},
    {"TextOfClaimedLength", "send(b'\\xdb\\xff\\xff\\xff\\xff')"},
    {"ManyValues", "send(b'\\xdd' + struct.pack('>I', 20000000) + b'\\xc0' * 20000000)"},
    {"FrameOfClaimedLength", "write(b'\\xff\\xff\\xff\\xff')\ntime.sleep(600)"},
    {"FrameOfNothing", "write(bytes(4))"},
    {"NoMessagePack", "send(b'\\xc1')"},
    {"NoTable", "send([1, 2])"},
    {"NoType", "send({'chunk': chunk})"},
    {"TypeIsANumber", "send({'type': 3})"},
    {"UnknownType", "send({'type': 'answer'})"},
    {"ShapeThatOverflows", "output('f32', [2**32, 2**32], b'')"},
    {"ShapeThatOverflowsToItsBytes", "output('f32', [2**31, 2**31, 4], b'')"},
    {"ShapeWithoutElementsThatOverflows", "output('f32', [2**31 - 1] * 8 + [0], b'')"},
    {"ShapeNegative", "output('f32', [-1], b'')"},
    {"ShapeNegativeTwice", "output('f32', [-1, -1], bytes(4))"},
    {"ShapeReal", "output('f32', [1.0], bytes(4))"},
    {"ShapeIsANumber", "output('f32', 1, bytes(4))"},
    {"ShapeOfHighRank", "output('f32', [1] * 100000, bytes(4))"},
    {"BytesThatDoNotFit", "output('f32', [2], bytes(7))"},
    {"BytesAreText", "output('f32', [1], 'abcd')"},
    {"UnknownElementType", "output('f33', [], bytes(4))"},
    {"ElementTypeIsANumber", "output(5, [], bytes(4))"},
    {"CostIsText", "answer(flops='many')"},
    {"CostIsTruth", "answer(flops=True)"},
    {"ArgumentsTooFew", "answer(argument_matters=[])"},
    {"ArgumentsTooMany", "answer(argument_matters=[True, True])"},
    {"ArgumentsNumbers", "answer(argument_matters=[1])"},
    {"CasesAreATable", "answer(cases={})"},
    {"CaseWithoutOutputs", "answer(cases=[{'set': 1}])"},
    {"CaseOfNoSet", "answer(cases=[{'set': -1, 'outputs': []}])"},
    {"CaseThatWasNotAskedFor", "answer(cases=[{'set': 3, 'outputs': []}])"},
    {"CaseTwice", "answer(cases=[{'set': 1, 'outputs': []}] * 2)"},
    {"CaseOfOtherResults",
     "answer(cases=[{'set': 1, 'outputs': [{'dtype': 'f32', 'shape': [], 'data': bytes(4)}]}])"},
    {"PathsTooMany", "answer(result_paths=['', ''])"},
    {"PathsAreNumbers", "answer(result_paths=[1])"},
    {"UnknownLevel", "answer(levels={'jaxpr': 'x', '../x': 'y'})"},
    {"LevelIsANumber", "answer(levels={'jaxpr': 1})"},
    {"LevelsAreAList", "answer(levels=['jaxpr'])"},
    {"NoJaxpr", "answer(levels={})"},
    {"TextThatIsNotUtf8", "answer(levels={'jaxpr': '\\ud800'.encode('utf-8', 'surrogatepass')})"},
    {"SpansOfNoLevel", "answer(spans={'hlo': []})"},
    {"SpanNegative", "answer(spans={'jaxpr': [[-1, 'none', [], '']]})"},
    {"SpanTooLarge", "answer(spans={'jaxpr': [[2**40, 'none', [], '']]})"},
    {"SpanOfUnknownKind", "answer(spans={'jaxpr': [[1, 'sure', [], '']]})"},
    {"SpanTooShort", "answer(spans={'jaxpr': [[1]]})"},
    {"SpanIsATable", "answer(spans={'jaxpr': [{'line': 1}]})"},
    {"PlaceTooShort", "answer(spans={'jaxpr': [[1, 'exact', [[1, 2, 3]], '']]})"},
    {"OkIsANumber", "answer(ok=1)"},
    {"RefusalOfManyLines", "answer(**(BAD | {'detail': 'a\\nb'}))"},
    {"RefusalWithoutReason", "answer(ok=False)"},
    {"OutcomeOfAnother", "outcome(1)\noutcome(0)\nfinish()"},
    {"OutcomeTwice", "outcome(0)\noutcome(0)\nfinish()"},
    {"OutcomesTooFew", "outcome(0)\nfinish()"},
    {"OutcomesTooMany", "for i in range(3): outcome(i)\nfinish()"},
    {"OutcomesWithoutEnd", "while True: outcome(0)"},
    {"ResultOfAnotherChunk", "chunk += 1\nanswer()"},
};
INSTANTIATE_TEST_SUITE_P(ScriptedWorker, Lies, testing::ValuesIn(kLies),
                         [](const auto& info) { return std::string(info.param.name); });

// As on a machine whose processors others have: a tenth of the time is this worker's.
TEST(ScriptedWorker, OneThatGetsLittleOfTheProcessorsHasAsMuchTimeOfThem) {
  const Scripted worker(R"(progress(*alive)
begin = time.process_time()
while time.process_time() < begin + 0.3:
    turn = time.process_time()
    while time.process_time() < turn + 0.01: pass
    time.sleep(0.09)
answer())");
  TracerOptions options = worker.options();
  options.function_seconds = 1;
  Tracer tracer(options);
  const auto outcomes = tracer.trace(3, two_functions(), Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  for (const Outcome& outcome : outcomes.value()) EXPECT_TRUE(outcome.ok) << outcome.refusal.detail;
}

TEST(ScriptedWorker, OneThatSleepsOrWorksForEverIsEnded) {
  for (const char* body :
       {"progress(*alive)\nwhile True: time.sleep(1)", "progress(*alive)\nwhile True: pass"}) {
    const Scripted worker(body);
    TracerOptions options = worker.options();
    options.function_seconds = 0.4;
    Tracer tracer(options);
    const auto outcomes = tracer.trace(3, two_functions(), Route::kChunk, false);
    ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
    for (const Outcome& outcome : outcomes.value())
      EXPECT_EQ(outcome.refusal.reason, "timeout") << body;
  }
}

TEST(ScriptedWorker, ProgressDoesNotBuyTimeForEver) {
  const Scripted worker("while True:\n    progress(alive[0])\n    time.sleep(0.02)");
  TracerOptions options = worker.options();
  options.function_seconds = 0.3;
  Tracer tracer(options);
  const auto outcomes = tracer.trace(3, two_functions(), Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  for (const Outcome& outcome : outcomes.value()) EXPECT_FALSE(outcome.ok);
}

TEST(ScriptedWorker, AHelloThatIsNoneIsAnErrorOfOneLine) {
  for (const char* hello : {"send({'type': 'hello'})", "send(HELLO | {'versions': {'python': 3}})",
                            "send(HELLO | {'versions': HELLO['versions'] | {'jax': 'a\\nb'}})",
                            "send(HELLO | {'run_options': 1})", "write(b'\\xff' * 100)",
                            "send(b'\\x91' * 1000000)", "send({'type': 'result', 'chunk': 0})"}) {
    const Scripted worker("answer()", hello);
    Tracer tracer(worker.options());
    const auto versions = tracer.start(false);
    ASSERT_FALSE(versions.ok()) << hello;
    EXPECT_EQ(versions.error().message.find('\n'), std::string::npos) << versions.error().message;
  }
}

// ---- The reader of frames by itself ----

std::string framed(const Json& message) {
  const std::vector<std::uint8_t> body = Json::to_msgpack(message);
  const auto size = static_cast<std::uint32_t>(body.size());
  std::string out(4, '\0');
  std::memcpy(out.data(), &size, 4);
  out.append(body.begin(), body.end());
  return out;
}

std::vector<std::string> sound_frames() {
  const Json array = {
      {"dtype", "f32"}, {"shape", {2}}, {"data", Json::binary({0, 1, 2, 3, 4, 5, 6, 7})}};
  const Json span = {1, "exact", {{1, 0, 1, 4}}, ""};
  const Json outcome = {{"ok", true},
                        {"levels", {{"jaxpr", "{ lambda ; a:f32[2]. }"}}},
                        {"spans", {{"jaxpr", Json::array({span})}}},
                        {"constants", Json::array()},
                        {"outputs", {array}},
                        {"result_paths", {""}},
                        {"flops", 1.5},
                        {"bytes_accessed", 12},
                        {"argument_matters", {true}},
                        {"stable", true},
                        {"recorded", 0},
                        {"cases", {{{"set", 1}, {"outputs", {array}}}}}};
  return {framed({{"type", "progress"}, {"chunk", 3}, {"stage", "run"}, {"functions", {0, 1}}}),
          framed({{"type", "outcome"}, {"chunk", 3}, {"function", 1}, {"outcome", outcome}}),
          framed({{"type", "result"}, {"chunk", 3}})};
}

TEST(FrameReader, ReadsFramesHoweverTheyAreCutUp) {
  std::string stream;
  for (int i = 0; i < 50; ++i)
    for (const std::string& frame : sound_frames()) stream += frame;
  Random random(1, 2);
  FrameReader reader;
  std::size_t read = 0;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t size = 1 + random.below(300);
    reader.buffer() += stream.substr(at, size);
    at += size;
    for (;;) {
      const auto message = reader.next();
      ASSERT_TRUE(message.ok()) << message.error().message;
      if (!message.value()) break;
      EXPECT_EQ(message.value()->index(), 2 + read % 3);
      ++read;
    }
  }
  EXPECT_EQ(read, 150u);
}

// Whatever a few wrong bytes make of a frame, what comes out of it is in range.
TEST(FrameReader, WrongBytesGiveAnErrorOrAMessageInRange) {
  Random random(3, 4);
  const std::vector<std::string> sound = sound_frames();
  std::size_t refused = 0, read = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string frame = sound[random.below(sound.size())];
    const std::uint64_t changes = 1 + random.below(3);
    for (std::uint64_t k = 0; k < changes; ++k) {
      const std::size_t at = 4 + random.below(frame.size() - 4);
      frame[at] = static_cast<char>(random.below(256));
    }
    FrameReader reader;
    reader.buffer() = frame;
    auto message = reader.next();
    if (!message.ok()) {
      ++refused;
      continue;
    }
    ASSERT_TRUE(message.value().has_value());
    ++read;
    if (const auto* progress = std::get_if<Progress>(&*message.value())) {
      for (std::size_t position : progress->functions) EXPECT_LE(position, 0x7fffffffu);
    } else if (const auto* answer = std::get_if<Answer>(&*message.value())) {
      EXPECT_LE(answer->function, 0x7fffffffu);
      for (const tensor::Tensor& t : answer->outcome.outputs)
        EXPECT_EQ(t.bytes.size(), tensor::byte_size(t.dtype) *
                                      static_cast<std::size_t>(tensor::element_count(t.shape)));
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(read, 500u);
}

TEST(FrameReader, ALengthBeyondTheLimitIsRefusedBeforeItsBytesCome) {
  FrameReader reader(1000);
  const std::uint32_t size = 1000 + (1u << 17);
  reader.buffer().assign(reinterpret_cast<const char*>(&size), 4);
  EXPECT_FALSE(reader.next().ok());
}

}  // namespace
}  // namespace jaxsmith::trace

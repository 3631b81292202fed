// jaxsmith eval: runs one text of IR and prints or saves what it gives.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <complex>
#include <filesystem>

#include "base/file_lock.h"
#include "base/random.h"
#include "base/text.h"
#include "jaxsmith/command.h"
#include "jaxsmith/json_array.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/output_option.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/texts.h"
#include "store/files.h"
#include "store/output_folder.h"
#include "tensor/convert.h"
#include "tensor/npy.h"

namespace jaxsmith::cli {

using tensor::Array;
using tensor::DType;
using tensor::Tensor;

namespace {

constexpr const char* kCommand = "eval";
constexpr std::int64_t kMostPrinted = 1000;

struct EvalOptions {
  std::string file, out;
  std::vector<std::string> inputs, levels;
  std::optional<std::uint64_t> seed;
  tensor::Budget budget;
};

std::string taken_text(const std::vector<ir::Datum>& data) {
  return data.empty() ? "nothing" : ir::avals_text(data);
}

// An input may have any size in dimensions that the program leaves open.
bool fits(const Tensor& tensor, const ir::Datum& wanted) {
  if (tensor.dtype != wanted.array.dtype()) return false;
  if (wanted.kind == ir::Datum::Kind::kArray) return tensor.shape == wanted.array.shape();
  return std::equal(tensor.shape.begin(), tensor.shape.end(), wanted.open_shape.begin(),
                    wanted.open_shape.end(),
                    [](std::int64_t n, std::int64_t open) { return open < 0 || n == open; });
}

// A file, or numbers as they stand.
Result<Tensor> read_input(const std::string& text, DType dtype) {
  std::error_code error;  // a long list is no name that a file can have
  if (std::filesystem::exists(text, error) || !looks_like_json(text))
    return tensor::read_npy(text, dtype);
  auto array = array_from_json(text, dtype);
  if (array.ok()) return array;
  return Error::usage(fmt::format("--input {}: {}", in_one_line(text), array.error().message));
}

// Piece by piece: what is drawn as doubles first takes no memory to speak of.
Array draw(const Array& type, Random random, const tensor::EvaluationContext& context) {
  constexpr std::int64_t kPiece = 1 << 16;
  const DType dtype = type.dtype();
  const auto width = static_cast<std::int64_t>(tensor::byte_size(dtype));
  const tensor::Workspace counted(context, {type.size(), width});
  Tensor out{dtype, type.shape(), {}};
  out.bytes.reserve(static_cast<std::size_t>(type.size() * width));
  for (std::int64_t at = 0; at < type.size(); at += kPiece) {
    const std::int64_t n = std::min(kPiece, type.size() - at);
    std::vector<double> numbers(static_cast<std::size_t>(n) * (tensor::is_complex(dtype) ? 2 : 1));
    for (double& v : numbers)
      v = dtype == DType::kBool       ? random.chance(0.5)
          : tensor::is_integer(dtype) ? static_cast<double>(random.below(8))
                                      : random.uniform(-1, 1) + random.uniform(-1, 1);
    out.bytes += tensor::tensor_from_doubles(dtype, {n}, numbers).bytes;
  }
  return Array::from(context, out);
}

// Whether it can be divided among so many devices.
bool parts_of(const Tensor& whole, const Array& part, std::int64_t devices) {
  if (devices < 2) return false;
  if (whole.dtype != part.dtype() || whole.shape.size() != part.shape().size()) return false;
  for (std::size_t d = 0; d < whole.shape.size(); ++d)
    if (part.shape()[d] == 0 || whole.shape[d] == 0 || whole.shape[d] % part.shape()[d] != 0)
      return false;
  return true;
}

// An argument counts to the evaluation's budget, as what is made of it does.
template <class Make>
Status add_argument(const EvalOptions& options, const std::string& type, Make make,
                    std::vector<ir::Datum>& to) {
  try {
    to.emplace_back(make());
  } catch (const tensor::EvaluationError& e) {
    return Error::environment(
        fmt::format("{}: argument {}, {}: {}", options.file, to.size(), type, e.message));
  }
  return {};
}

Result<std::vector<ir::Datum>> arguments_for(const EvalOptions& options,
                                             const ir::Signature& signature, std::int64_t devices,
                                             const tensor::EvaluationContext& context) {
  std::vector<ir::Datum> out;
  if (!options.seed && options.inputs.size() != signature.arguments.size())
    return Error::usage(
        fmt::format("{}: it takes {}; {} --input {} given (--random SEED draws them)", options.file,
                    taken_text(signature.arguments), options.inputs.size(),
                    options.inputs.size() == 1 ? "is" : "are"));
  for (std::size_t i = 0; i < signature.arguments.size(); ++i) {
    const ir::Datum& wanted = signature.arguments[i];
    const bool unsized = wanted.kind == ir::Datum::Kind::kUnsized;
    if (wanted.kind != ir::Datum::Kind::kArray && !unsized) {
      out.emplace_back();
      continue;
    }
    if (options.seed && unsized)
      return Error::usage(fmt::format(
          "{}: argument {} is {}, of which --random cannot know the size; give all with --input",
          options.file, i, ir::aval_text(wanted)));
    if (options.seed) {
      const auto drawn = [&] { return draw(wanted.array, Random(*options.seed, i), context); };
      JAXSMITH_CHECK(add_argument(options, wanted.array.type_text(), drawn, out));
      continue;
    }
    JAXSMITH_TRY(tensor, read_input(options.inputs[i], wanted.array.dtype()));
    // A module that was divided among devices takes whole arrays.
    const bool divided = !unsized && parts_of(tensor, wanted.array, devices);
    if (!fits(tensor, wanted) && !divided)
      return Error::usage(fmt::format(
          "--input {}: it is {}; argument {} of {} is {}: give {}",
          in_one_line(options.inputs[i], 60), tensor::aval_text(tensor.dtype, tensor.shape), i,
          options.file, ir::aval_text(wanted),
          tensor.dtype == wanted.array.dtype()
              ? "one of that shape"
              : fmt::format("it as {}", tensor::numpy_name(wanted.array.dtype()))));
    const auto given = [&] { return Array::from(context, tensor); };
    JAXSMITH_CHECK(
        add_argument(options, tensor::aval_text(tensor.dtype, tensor.shape), given, out));
  }
  return out;
}

std::string number_text(const Tensor& t, std::int64_t i) {
  const std::complex<double> v = tensor::element(t, i);
  if (t.dtype == DType::kBool) return v.real() != 0 ? "true" : "false";
  if (tensor::is_integer(t.dtype)) {
    const std::int64_t bits = Array::from(tensor::EvaluationContext::unmetered(), t).int_at(i);
    return t.dtype == DType::kU64 ? fmt::format("{}", static_cast<std::uint64_t>(bits))
                                  : fmt::format("{}", bits);
  }
  const auto real = [&](double x) {
    return t.dtype == DType::kF64 || t.dtype == DType::kC128
               ? fmt::format("{}", x)
               : fmt::format("{}", static_cast<float>(x));
  };
  return tensor::is_complex(t.dtype) ? fmt::format("({}, {})", real(v.real()), real(v.imag()))
                                     : real(v.real());
}

void print_array(const Tensor& t, std::size_t dim, std::int64_t& at) {
  if (dim == t.shape.size()) {
    put(number_text(t, at++));
    return;
  }
  say("[");
  for (std::int64_t i = 0; i < t.shape[dim]; ++i) {
    const bool innermost = dim + 1 == t.shape.size();
    if (i) put(innermost ? ", " : ",\n" + std::string(dim + 1, ' '));
    print_array(t, dim + 1, at);
  }
  say("]");
}

// Numbers that are printed, or lists where these hold none; no more than what is told from too
// many.
std::int64_t printed_parts(const tensor::Shape& shape) {
  std::int64_t parts = 1;
  for (const std::int64_t n : shape) {
    if (n == 0 || parts > kMostPrinted) break;
    parts *= std::min(n, kMostPrinted + 1);
  }
  return parts;
}

Status give_array(const EvalOptions& options, const std::string& name, const Array& array) {
  const Tensor t = array.tensor();
  if (!options.out.empty()) {
    const std::string path = fmt::format("{}/{}.npy", options.out, name);
    JAXSMITH_CHECK(store::write_file(path, tensor::npy_bytes(t)));
    say("{}: {}\n", path, array.type_text());
    return {};
  }
  say("{}: {}\n", name, array.type_text());
  if (printed_parts(t.shape) > kMostPrinted) {
    say("… {} elements: --out DIR saves them\n", tensor::element_count(t.shape));
    return {};
  }
  std::int64_t at = 0;
  print_array(t, 0, at);
  say("\n");
  return {};
}

// Results by number; those of which devices hold parts by number and device.
Status give(const EvalOptions& options, const std::vector<ir::Datum>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].kind == ir::Datum::Kind::kArray)
      JAXSMITH_CHECK(give_array(options, fmt::format("{}", i), results[i].array));
    for (std::size_t d = 0; d < results[i].parts.size(); ++d)
      JAXSMITH_CHECK(
          give_array(options, fmt::format("{}-device{}", i, d), results[i].parts[d].as_array()));
  }
  return {};
}

// "0.npy", "1-device3.npy": what give() names its files.
bool is_result_name(std::string_view name) {
  constexpr std::string_view kDevice = "-device";
  const auto number = [&] {
    const std::size_t end = std::min(name.find_first_not_of("0123456789"), name.size());
    name.remove_prefix(end);
    return end > 0;
  };
  if (!number()) return false;
  if (name.starts_with(kDevice)) {
    name.remove_prefix(kDevice.size());
    if (!number()) return false;
  }
  return name == ".npy";
}

// The folder for results: made before the work, and gone again where there are none. It may hold
// other files; results that are there already are not replaced, nor are new ones put among them,
// nor does another run put its own there meanwhile.
class ResultFolder {
 public:
  explicit ResultFolder(std::string path) : path_(std::move(path)) {}
  ~ResultFolder() {
    if (made_) ::rmdir(path_.c_str());  // an empty one
  }
  ResultFolder(const ResultFolder&) = delete;
  ResultFolder& operator=(const ResultFolder&) = delete;

  Status make() {
    if (path_.empty()) return {};
    std::error_code error;
    made_ = !std::filesystem::exists(path_, error);
    if (!made_ && !std::filesystem::is_directory(path_, error))
      return Error::usage(fmt::format("--out {}: it is a file; name a folder", path_));
    if (is_of_dataset())
      return Error::usage(fmt::format("--out {}: it holds a dataset; name another folder", path_));
    JAXSMITH_CHECK(store::make_directories(path_));
    JAXSMITH_TRY(lock, FileLock::take_folder(path_));
    if (!lock) return FileLock::taken(path_, path_);
    lock_ = std::move(lock);
    for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end;
         at.increment(error))
      if (const std::string name = at->path().filename().string(); is_result_name(name))
        return Error::usage(fmt::format(
            "--out {}: there is {} in it; move it away, or name another folder", path_, name));
    return store::check_writable(path_ + "/0.npy");
  }

 private:
  bool is_of_dataset() const {
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical(path_, error);
    return store::holds_run(path_) ||
           (real.filename() == "data" && store::holds_run(real.parent_path().string()));
  }
  const std::string path_;
  bool made_ = false;
  std::optional<FileLock> lock_;
};

Result<bool> evaluate(const EvalOptions& options) {
  ResultFolder folder(options.out);
  JAXSMITH_CHECK(folder.make());
  JAXSMITH_TRY(parts, read_parts(options.file, options.levels));
  if (parts.size() != 1)
    return Error::usage(fmt::format("{}: it holds {} modules; eval runs one (check runs all)",
                                    options.file, parts.size()));
  JAXSMITH_TRY(program, check::IrProgram::parse(parts[0].level, parts[0].text, options.file));
  JAXSMITH_CHECK(program.verify());
  JAXSMITH_TRY(signature, program.signature());
  const tensor::EvaluationContext context({.budget = options.budget});
  JAXSMITH_TRY(arguments, arguments_for(options, signature, program.devices(), context));
  JAXSMITH_TRY(results, program.run(std::move(arguments), context));
  JAXSMITH_CHECK(give(options, results));
  for (const std::string& failed : program.failed_checks())
    tell("{}: a check failed: {}\n", options.file, failed);
  return program.failed_checks().empty();
}

}  // namespace

int eval_main(int argc, char** argv) {
  CLI::App app("Runs a text of IR with jaxsmith's own evaluator, without JAX.", "jaxsmith eval");
  EvalOptions options;
  app.add_option("FILE", options.file,
                 "a text of IR (" + level::kinds_of_text() +
                     "; - for standard input); a jaxpr's constants are "
                     "its first arguments")
      ->required();
  auto* const inputs = app.add_option(
      "--input", options.inputs,
      "an argument, in order: a .npy file, or numbers in JSON: 2.5, [[1, 2], [3, \"inf\"]], "
      "[\"1+2j\"]");
  inputs->type_name("X")->expected(1)->take_all();
  app.add_option("--random", options.seed, "draw all arguments")
      ->type_name("SEED")
      ->check(whole_number(0, UINT64_MAX))
      ->excludes(inputs);
  add_output(app, "--out", options.out, "folder for the results, without others: 0.npy, 1.npy …")
      ->type_name("DIR");
  app.add_option("--level", options.levels, "what the text is: " + level::list_of_levels())
      ->type_name("LEVEL")
      ->expected(1)
      ->check(one_of("level", level_words()));
  app.add_option("--steps", options.budget.steps, "elementary operations that it may take")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
  app.add_option("--memory", options.budget.bytes, "bytes that its values may take")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
  app.get_formatter()->column_width(30);
  // CLI11 takes a value in brackets apart; a blank before it keeps the list whole.
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word.starts_with("--input=[")) {
      words.emplace_back("--input");
      word.erase(0, word.find('['));
    }
    const bool list = word.starts_with('[') && !words.empty() && words.back() == "--input";
    words.push_back(list ? " " + word : word);
  }
  if (const auto ended = parse(app, argv[0], std::move(words),
                               "Examples:\n"
                               "  jaxsmith eval add.mlir --input x.npy --input '[1, 2, 3]'\n"
                               "  jaxsmith eval optimised.hlo --random 0 --out results\n"))
    return *ended;
  for (std::string& input : options.inputs)
    if (input.starts_with(" [")) input.erase(0, 1);
  const auto good = evaluate(options);
  if (!good.ok()) return report(kCommand, good.error());
  return good.value() ? kDone : kFailed;
}

}  // namespace jaxsmith::cli

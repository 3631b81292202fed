// Prints preparations of arguments (plan/preparation.h) as functions with inputs, JSON, a line
// each: for Python tests.
//   print_preparations SEED COUNT    so many of each that apply
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "plan/idiom.h"
#include "printed_functions.h"
#include "source/render.h"

namespace jaxsmith {
namespace {

// What idioms ask for: types, ranges.
std::vector<plan::Wanted> all_wanted() {
  using tensor::DType;
  const std::vector<tensor::Shape> shapes = {{}, {2}, {3}, {7}, {4, 5}, {2, 6}, {2, 3, 4}};
  const std::vector<plan::Interval> reals = {{-2, 2},   {-1, 1},  {0, 1},       {0.05, 0.95},
                                             {0.1, 4},  {0, 5},   {50, 200},    {-0.5, 8},
                                             {0.5, 15}, {-20, 3}, {0.001, 0.1}, {-5, 5}};
  const std::vector<plan::Interval> wholes = {{0, 3}, {0, 23}, {1, 30}, {0, 9}, {1, 100}};
  std::vector<plan::Wanted> out;
  // One name of each class, as rows ask for it.
  const std::vector<std::string> names = {
      "readings", "signal", "features", "images", "rate",   "probs", "price",       "state", "w1",
      "sigma",    "period", "limit",    "radius", "logits", "angle", "log_weights", "belief"};
  for (const tensor::Shape& shape : shapes) {
    for (const plan::Interval& range : reals)
      for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64})
        for (const std::string& name : names) out.push_back({{name}, {dtype, shape}, range});
    for (const plan::Interval& range : wholes)
      for (const DType dtype : {DType::kI32, DType::kU8, DType::kU32})
        for (const char* name : {"labels", "days_and_hour", "counts", "price", "bins"})
          out.push_back({{name}, {dtype, shape}, range});
    out.push_back({{"price"}, {DType::kI32, shape}, {-9, 12}});
    out.push_back({{"mask"}, {DType::kBool, shape}, {0, 1}});
  }
  return out;
}

std::optional<plan::Program> program_of(const plan::Preparation& preparation,
                                        const plan::Wanted& wanted, Random random) {
  plan::Settings settings;
  settings.catalogue = &backend::backend_named("jax")->catalogue();
  settings.x64 = wanted.type.dtype == tensor::DType::kF64;
  using enum tensor::DType;
  settings.dtypes = {kF32, kF16, kBF16, kI32, kI8, kU8, kU32, kBool};
  if (settings.x64) settings.dtypes.insert(settings.dtypes.end(), {kF64, kI64});
  if (tensor::is_inexact(wanted.type.dtype)) settings.real = wanted.type.dtype;
  settings.sizes = {3, 4, 5};
  plan::Program program;
  program.catalogue = settings.catalogue;
  program.category = "array";
  program.x64 = settings.x64;
  plan::Builder b(program, settings, random);
  plan::Builder::BodySpec spec;
  spec.placement = plan::Placement::kEntry;
  const auto root = b.body(spec, [&](const std::vector<plan::ValueId>&) {
    plan::Idiom idiom(b, settings.catalogue->named(preparation.entry));
    try {
      b.set_results({preparation.write(idiom, wanted)});
    } catch (const plan::Idiom::Failure&) {
      return false;
    }
    return true;
  });
  if (!root) return std::nullopt;
  program.root = *root;
  return program;
}

nlohmann::json as_json(const plan::Preparation& preparation, const plan::Wanted& wanted,
                       const source::Function& f) {
  return {{"preparation", preparation.entry},
          {"source", f.source},
          {"entry", f.entry},
          {"x64", f.runtime.x64},
          {"low", wanted.range.lo},
          {"high", wanted.range.hi},
          {"aval", tensor::aval_text(wanted.type.dtype, wanted.type.shape)},
          {"arguments", inputs_as_json(f)}};
}

}  // namespace
}  // namespace jaxsmith

int main(int argc, char** argv) {
  using namespace jaxsmith;
  if (argc < 3) return 2;
  const std::uint64_t seed = std::stoull(argv[1]), count = std::stoull(argv[2]);
  const auto& all = backend::backend_named("jax")->catalogue().vocabulary().preparations;
  for (std::size_t k = 0; k < all.size(); ++k) {
    std::vector<plan::Wanted> fitting;
    for (const plan::Wanted& wanted : all_wanted())
      if (all[k].fits(wanted)) fitting.push_back(wanted);
    Random random(seed, k);
    random.shuffle(fitting);
    print_some("preparation", all[k].entry, count, 4 * fitting.size(), [&](std::uint64_t n) {
      const plan::Wanted& wanted = fitting[n % fitting.size()];
      auto program = program_of(all[k], wanted, random.fork(std::to_string(n)));
      if (!program) return false;
      const source::Function f =
          source::render({std::move(*program), "forward", "base"}, {seed, k, 0});
      std::cout << as_json(all[k], wanted, f).dump() << "\n";
      return true;
    });
  }
}

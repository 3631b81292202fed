// Plans families: a root program, its forward function, and what else comes from it.
//
//   PlanOptions options{&catalogue};
//   for (const Member& m : plan_family(options, /*seed=*/42, /*family=*/7)) use(m.program);
//
// Pure: the same options, seed and family give the same plans on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/builder.h"
#include "plan/op.h"
#include "plan/program.h"
#include "plan/weights.h"

namespace jaxsmith::plan {

struct PlanOptions {
  const Catalogue* catalogue = nullptr;   // of the back end
  std::vector<Category> categories = {};  // in order, without repeats; empty: all
  std::vector<DType> dtypes = {};         // empty: all
  std::vector<std::string> idioms = {};   // every program begins with one of these; empty: any
  SizeClass size = SizeClass::kMix;       // that of each family is drawn
  int max_rank = 4;
  int devices = 4;                                   // of a worker
  std::shared_ptr<const Weights> weights = nullptr;  // none: the catalogue's
};

struct Member {
  Program program;
  std::string transformation = "forward";
  std::string variant = "base";  // "dtype", "shape": drawn again with other settings
};

// Families a chunk holds: chunk c is families [c * kFamiliesPerChunk, (c + 1) * kFamiliesPerChunk).
inline constexpr std::uint64_t kFamiliesPerChunk = 20;

// The family's members, the root's forward function first. Empty where no valid program was found
// within the tries that a family has, which happens once in many thousands.
std::vector<Member> plan_family(const PlanOptions& options, std::uint64_t seed,
                                std::uint64_t family);

// The same with other settings: the members that they leave valid.
std::vector<Member> plan_family(const PlanOptions& options, const Settings& settings,
                                std::uint64_t seed, std::uint64_t family);

// Whether reverse mode goes through every operation that the results depend on.
bool reverse_differentiable(const Program& program);

// ---- Parts, for tests and tools ----
// The entries that its nodes apply, body by body.
std::vector<std::string_view> operations_of(const Program& program);
// Whether one of them needs several devices.
bool uses_devices(const Program& program);
Category family_category(const PlanOptions& options, std::uint64_t seed, std::uint64_t family);
// Whether a family begins with no idiom, and features what has its turn (plan/turns.h).
bool features(const PlanOptions& options, std::uint64_t seed, std::uint64_t family);
// Whether the entry may be drawn on new arguments alone; `use` sees the program, which is not
// closed.
bool apply_alone(const Settings& settings, const Op& op, Random random,
                 const std::function<void(const Program&)>& use = {});
// Small, medium or large.
SizeClass family_size(const PlanOptions& options, std::uint64_t seed, std::uint64_t family);
Settings family_settings(const PlanOptions& options, std::uint64_t seed, std::uint64_t family);
// Draws the root program; the same decisions with other settings give a variant of it.
std::optional<Program> plan_root(const PlanOptions& options, const Settings& settings,
                                 std::uint64_t seed, std::uint64_t family);

}  // namespace jaxsmith::plan

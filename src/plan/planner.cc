#include "plan/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace jaxsmith::plan {
namespace {

constexpr int kTries = 60;
constexpr std::size_t kMostNodes = 40;    // operations that a reader can still follow
constexpr std::uint64_t kX64Period = 10;  // one chunk in so many runs with x64 on

std::vector<Category> all_categories(const Catalogue& catalogue) {
  std::vector<Category> out;
  for (std::size_t i = 0; i < catalogue.categories().size(); ++i)
    out.push_back(static_cast<Category>(i));
  return out;
}

std::vector<DType> all_dtypes() {
  return {DType::kF32, DType::kF16, DType::kBF16, DType::kF64,  DType::kI32, DType::kI8,
          DType::kU8,  DType::kU32, DType::kI64,  DType::kBool, DType::kC64};
}

DType draw_dtype(Random& random, const std::vector<DType>& allowed, bool x64,
                 const std::vector<std::pair<DType, double>>& weights, DType fallback) {
  std::vector<double> w;
  for (const auto& [dtype, weight] : weights) {
    const bool usable = std::find(allowed.begin(), allowed.end(), dtype) != allowed.end() &&
                        (x64 || !tensor::needs_x64(dtype));
    w.push_back(usable ? weight * (x64 && tensor::needs_x64(dtype) ? 8 : 1) : 0);
  }
  if (std::none_of(w.begin(), w.end(), [](double v) { return v > 0; })) return fallback;
  return weights[random.weighted(w)].first;
}

// Which operations a category's programs are made of: mostly its own.
std::vector<double> mix_of(const Catalogue& catalogue, Category category) {
  std::vector<double> mix;
  for (const CategoryProfile& profile : catalogue.categories()) mix.push_back(profile.share);
  mix[static_cast<std::size_t>(category)] += catalogue.profile(category).own_share;
  return mix;
}

struct Drawn {
  Type type;
  Stats stats;
};

Shape draw_shape(Builder& b, const CategoryProfile& profile, bool first) {
  Random& random = b.random();
  static constexpr double kRanks[] = {0.12, 0.38, 0.34, 0.12, 0.04};
  const bool matrices = profile.matrix_share > 0, needs_axis = first || matrices;
  int rank = static_cast<int>(random.weighted(kRanks));
  if (needs_axis && rank == 0) rank = 1 + static_cast<int>(random.below(2));
  if (matrices && random.chance(profile.matrix_share)) rank = 2;
  rank = std::min(rank, b.settings().max_rank);
  Shape shape;
  for (int i = 0; i < rank; ++i) shape.push_back(random.chance(0.06) ? 1 : b.size());
  return shape;
}

Drawn draw_argument(Builder& b, const CategoryProfile& profile, int position) {
  Random& random = b.random();
  const Settings& s = b.settings();
  Drawn out;
  out.type = {s.real, draw_shape(b, profile, position == 0)};
  const double draw = random.uniform();
  if (draw < profile.integer_share && b.allowed(s.integer)) {
    out.type.dtype = s.integer;
    const double top = std::min(integer_bounds(s.integer).hi, random.chance(0.5) ? 10.0 : 50.0);
    const double low = tensor::is_signed_integer(s.integer) && random.chance(0.5) ? -top : 0;
    out.stats = uniform_stats(random, low, top, true);
  } else if (position > 0 && draw < profile.integer_share + profile.bool_share &&
             b.allowed(DType::kBool)) {
    out.type.dtype = DType::kBool;
    out.stats = boolean_stats(random, 0.5);
  } else if (draw > 1 - profile.complex_share && b.allowed(DType::kC64)) {
    out.type.dtype = DType::kC64;
    out.stats = uniform_stats(random, 0, 2, false);
  } else {
    static const std::vector<Interval> kRanges = {{-2, 2}, {-1, 1},  {0.1, 1.5}, {0, 1},
                                                  {-3, 3}, {0.5, 4}, {-2, 2},    {-1.5, 1.5}};
    const Interval range = random.pick(kRanges);
    out.stats = uniform_stats(random, range.lo, range.hi, false);
  }
  return out;
}

// Joins what is left over into few results; nothing where an argument would not matter.
bool close_root(Builder& b, const std::vector<ValueId>& parameters) {
  std::vector<ValueId> ends = b.unused();
  const std::size_t wanted = 1 + b.random().weighted(std::vector<double>{0.68, 0.2, 0.12});
  const auto is_parameter = [&](ValueId id) {
    return std::find(parameters.begin(), parameters.end(), id) != parameters.end();
  };
  for (int tries = 0; tries < 40; ++tries) {
    ends = b.unused();
    const auto bare = std::find_if(ends.begin(), ends.end(), is_parameter);
    if (ends.size() <= wanted && bare == ends.end()) break;
    if (ends.size() == 1) return false;  // a bare parameter alone
    const ValueId x = bare != ends.end() ? *bare : ends[b.random().below(ends.size())];
    ValueId y = ends[b.random().below(ends.size())];
    if (y == x) continue;
    if (!b.combine(x, y)) return false;
  }
  // An argument that might not show goes into a result once more.
  for (int tries = 0; tries < 4; ++tries) {
    ends = b.unused();
    std::uint32_t sure = 0;
    for (ValueId id : ends) sure |= b[id].sure;
    const auto missing = std::find_if(parameters.begin(), parameters.end(),
                                      [&](ValueId p) { return (b[p].arguments & ~sure) != 0; });
    if (missing == parameters.end()) break;
    const std::uint32_t bit = b[*missing].arguments;
    const auto y = b.random().chance(0.5) ? std::optional(*missing) : b.draw([&](const Value& v) {
      return (v.sure & bit) != 0 && tensor::is_inexact(v.type.dtype);
    });
    if (!y || ends.empty()) return false;
    const ValueId x = ends[b.random().below(ends.size())];
    if (*y == x || !b.combine(x, *y, /*plainly=*/true)) return false;
  }
  ends = b.unused();
  if (ends.empty() || ends.size() > wanted) return false;
  std::uint32_t sure = 0;
  for (ValueId id : ends) sure |= b[id].sure;
  if (std::popcount(sure) != static_cast<int>(parameters.size())) return false;
  std::uint32_t arguments = 0;
  for (ValueId id : ends) {
    if (is_parameter(id)) return false;
    arguments |= b[id].arguments;
  }
  if (std::popcount(arguments) != static_cast<int>(parameters.size())) return false;
  b.random().shuffle(ends);
  b.set_results(ends);
  Body& body = b.program().bodies[static_cast<std::size_t>(b.current())];
  body.returns = ends.size() == 1         ? Returns::kSingle
                 : b.random().chance(0.3) ? Returns::kDict
                                          : Returns::kTuple;
  return true;
}

std::size_t node_count(const Program& program) {
  std::size_t n = 0;
  for (const Body& body : program.bodies) n += body.nodes.size();
  return n;
}

bool shows_category(const Program& program, Category category) {
  return std::any_of(program.bodies.begin(), program.bodies.end(), [&](const Body& body) {
    return std::any_of(body.nodes.begin(), body.nodes.end(), [&](const Node& n) {
      return program.catalogue->named(n.op).category == category;
    });
  });
}

bool uses_devices(const Program& program) {
  return std::any_of(program.bodies.begin(), program.bodies.end(), [&](const Body& body) {
    return std::any_of(body.nodes.begin(), body.nodes.end(), [&](const Node& n) {
      return program.catalogue->named(n.op).has(kOverDevices);
    });
  });
}

std::optional<Program> try_root(const Settings& settings, Category category, Random random,
                                std::uint64_t seed, std::uint64_t family) {
  Program program;
  program.catalogue = settings.catalogue;
  program.seed = seed;
  program.family = family;
  const CategoryProfile& profile = program.catalogue->profile(category);
  program.category = std::string(profile.name);
  program.x64 = settings.x64;
  program.devices = settings.devices;
  Builder b(program, settings, random);
  Builder::BodySpec spec;
  spec.placement = Placement::kEntry;
  const bool nested = profile.has_bodies;
  const std::size_t count = 1 + b.random().weighted(std::vector<double>{0.22, 0.42, 0.26, 0.1});
  // The builder draws in a body only; arguments are drawn before there is one.
  for (std::size_t i = 0; i < count; ++i) {
    const Drawn drawn = draw_argument(b, profile, static_cast<int>(i));
    spec.parameters.push_back({drawn.type, drawn.stats, "", 1u << i,
                               tensor::is_inexact(drawn.type.dtype) ? 1u << i : 0, 0, 1u << i});
  }
  int steps = 2 + static_cast<int>(b.random().below(4));
  if (b.random().chance(0.3)) steps += static_cast<int>(b.random().below(8));
  const auto root = b.body(spec, [&](const std::vector<ValueId>& parameters) {
    b.grow(nested ? std::max(2, steps - 2) : steps);
    return close_root(b, parameters);
  });
  if (!root || !shows_category(program, category) || node_count(program) > kMostNodes)
    return std::nullopt;
  program.root = *root;
  if (!uses_devices(program)) program.devices = 1;
  return program;
}

std::vector<std::string_view> shape_of_plan(const Program& program) {
  std::vector<std::string_view> out;
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) out.push_back(node.op);
  }
  return out;
}

// Draws the root again with other settings; a variant takes the same decisions.
std::optional<Member> variant(const PlanOptions& options, const Program& root,
                              const Settings& settings, std::string what) {
  auto again = plan_root(options, settings, root.seed, root.family);
  if (!again || shape_of_plan(*again) != shape_of_plan(root)) return std::nullopt;
  bool differs = false;
  for (ValueId id : root.bodies[static_cast<std::size_t>(root.root)].parameters) {
    differs = differs || !(root.values[static_cast<std::size_t>(id)].type ==
                           again->values[static_cast<std::size_t>(id)].type);
  }
  if (!differs) return std::nullopt;
  return Member{std::move(*again), "forward", std::move(what)};
}

}  // namespace

Category family_category(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  std::vector<Category> categories;
  for (Category category :
       options.categories.empty() ? all_categories(*options.catalogue) : options.categories) {
    categories.insert(categories.end(),
                      static_cast<std::size_t>(options.catalogue->profile(category).families),
                      category);
  }
  // A new order for each round keeps the shares equal.
  const std::uint64_t round = family / categories.size();
  Random random = Random(seed, round).fork("categories");
  random.shuffle(categories);
  return categories[family % categories.size()];
}

Settings family_settings(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  Random random = Random(seed, family).fork("settings");
  Settings s;
  s.catalogue = options.catalogue;
  s.dtypes = options.dtypes.empty() ? all_dtypes() : options.dtypes;
  const bool wide = std::any_of(s.dtypes.begin(), s.dtypes.end(), tensor::needs_x64);
  const bool narrow =
      std::any_of(s.dtypes.begin(), s.dtypes.end(), [](DType d) { return !tensor::needs_x64(d); });
  s.x64 = wide && (!narrow || (family / kFamiliesPerChunk) % kX64Period == kX64Period - 1);
  if (!s.x64) std::erase_if(s.dtypes, tensor::needs_x64);
  s.real = draw_dtype(
      random, s.dtypes, s.x64,
      {{DType::kF32, 0.72}, {DType::kF16, 0.12}, {DType::kBF16, 0.12}, {DType::kF64, 0.5}},
      DType::kF32);
  s.integer = draw_dtype(random, s.dtypes, s.x64,
                         {{DType::kI32, 0.6},
                          {DType::kU8, 0.12},
                          {DType::kI8, 0.1},
                          {DType::kU32, 0.15},
                          {DType::kI64, 0.5}},
                         DType::kI32);
  s.max_rank = options.max_rank;
  // Where a family spreads over devices the sizes of axes divide among them.
  const Category category = family_category(options, seed, family);
  const double share = options.catalogue->profile(category).device_share;
  const bool spread = share > 0 && random.chance(share);
  s.devices = spread ? options.devices : 1;
  std::vector<std::int64_t> pool = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16};
  random.shuffle(pool);
  if (spread) pool = {options.devices, 2 * options.devices, random.between(2, 3)};
  pool.resize(3);
  s.sizes = pool;
  s.mix = mix_of(*options.catalogue, category);
  return s;
}

std::optional<Program> plan_root(const PlanOptions& options, const Settings& settings,
                                 std::uint64_t seed, std::uint64_t family) {
  const Category category = family_category(options, seed, family);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Random random = Random(seed, family).fork(fmt::format("program {}", attempt));
    if (auto program = try_root(settings, category, random, seed, family)) return program;
  }
  return std::nullopt;
}

bool reverse_differentiable(const Program& program) {
  for (const Body& body : program.bodies) {
    for (const Node& node : body.nodes) {
      const Derivative d = program.catalogue->named(node.op).derivative;
      if (d != Derivative::kForward && d != Derivative::kNone) continue;
      for (ValueId id : node.operands) {
        if (program.values[static_cast<std::size_t>(id)].grad_arguments != 0) return false;
      }
    }
  }
  return true;
}

std::vector<Member> plan_family(const PlanOptions& options, std::uint64_t seed,
                                std::uint64_t family) {
  const Settings settings = family_settings(options, seed, family);
  const auto root = plan_root(options, settings, seed, family);
  if (!root) return {};
  std::vector<Member> members = {Member{*root, "forward", "base"}};
  Random random = Random(seed, family).fork("members");
  const auto add = [&](std::optional<Member> member) {
    if (member) members.push_back(std::move(*member));
  };
  const Vocabulary& words = options.catalogue->vocabulary();
  if (words.gradient && random.chance(0.85))
    add(words.gradient(*root, settings, random.fork("gradient")));
  if (words.mapped && random.chance(0.35)) add(words.mapped(*root, settings, random.fork("vmap")));
  if (random.chance(0.35)) {
    Settings other = settings;
    std::vector<std::pair<DType, double>> reals = {
        {DType::kF32, 0.5}, {DType::kF16, 0.3}, {DType::kBF16, 0.3}, {DType::kF64, 0.1}};
    std::erase_if(reals, [&](const auto& r) { return r.first == settings.real; });
    other.real = draw_dtype(random, settings.dtypes, settings.x64, reals, settings.real);
    if (other.real != settings.real) add(variant(options, *root, other, "dtype"));
  }
  if (random.chance(0.4)) {
    Settings other = settings;
    for (auto& n : other.sizes) n = n % 2 ? n + 2 : n > 4 ? n - 2 : n + 6;
    add(variant(options, *root, other, "shape"));
  }
  return members;
}

}  // namespace jaxsmith::plan

// Runs a text on numbers, as often as is said, and prints what comes out.
#include <jaxsmith/ir.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: fold FILE TIMES\n"), 2;
  std::ifstream file(argv[1]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto module = jaxsmith::IrModule::parse(text, {.file = argv[1]});
  if (!module.ok()) return std::fprintf(stderr, "%s\n", module.error().message.c_str()), 1;
  std::vector x{jaxsmith::HostArray::of<float>("f32", {2}, {1, 2})};
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    auto y = module.value().run(x, {.steps = 10'000});
    if (!y.ok()) {
      const bool limit = module.value().failure() == jaxsmith::IrFailure::kLimit;
      return std::fprintf(stderr, "%s\n", y.error().message.c_str()), limit ? 3 : 1;
    }
    x = std::move(y).value();
  }
  for (const float value : x[0].values<float>()) std::printf("%g\n", value);
}

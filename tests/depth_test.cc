// Levels of nesting: as many as may be and no more, whatever ends them, and in everything that
// reads or runs what nests.
#include "ir/common/depth.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "ir/common/frame.h"
#include "ir/hlo/parser.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/parser.h"
#include "ir/stablehlo/parser.h"

namespace jaxsmith::ir {
namespace {

struct TooDeep {};

// How many levels were entered, where so many are wanted.
int entered(Depth& depth, int wanted) {
  if (wanted == 0) return 0;
  const Nesting level(depth);
  return level ? 1 + entered(depth, wanted - 1) : 0;
}

// The same where the last throws.
int entered_and_thrown(Depth& depth, int wanted) {
  int levels = 0;
  const std::function<void(int)> enter = [&](int left) {
    if (left == 0) throw TooDeep();
    const Nesting level(depth, [] { throw TooDeep(); });
    ++levels;
    enter(left - 1);
  };
  EXPECT_THROW(enter(wanted), TooDeep);
  return levels;
}

TEST(Depth, HasSoManyLevelsHoweverTheyEnd) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    const int deepest = static_cast<int>(random() % 20);
    Depth depth(deepest);
    for (int k = 0; k < 20; ++k) {
      const int wanted = static_cast<int>(random() % 40);
      EXPECT_EQ(k % 2 ? entered(depth, wanted) : entered_and_thrown(depth, wanted),
                std::min(wanted, deepest));
    }
  }
}

TEST(Depth, OfFramesIsAnErrorOfTheProgram) {
  const tensor::EvaluationContext context = tensor::EvaluationContext::unmetered();
  Depth depth(2);
  const Frame one(context, depth, 0);
  {
    const Frame two(context, depth, 3);
    EXPECT_THROW(Frame(context, depth, 0), tensor::EvaluationError);
  }
  EXPECT_NO_THROW(Frame(context, depth, 0));
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// What nests in the languages, so many times.
using Text = std::string (*)(int times);
struct Nest {
  const char* what;
  Text text;
  bool (*reads)(const std::string& text, std::string& error);
};

template <class Parsed>
bool said(const Parsed& parsed, std::string& error) {
  if (!parsed.ok()) error = parsed.error().message;
  return parsed.ok();
}

bool reads_jaxpr(const std::string& text, std::string& error) {
  return said(jaxpr::parse(text), error);
}
bool reads_stablehlo(const std::string& text, std::string& error) {
  return said(stablehlo::parse(text), error);
}
bool reads_hlo(const std::string& text, std::string& error) {
  return said(hlo::parse(text), error);
}

constexpr Nest kNests[] = {
    {"tuples in a jaxpr",
     [](int n) {
       return "{ lambda ; a:f32[]. let b:f32[] = foo[x=" + repeated("(", n) + "1" +
              repeated(",)", n) + "] a in (b,) }";
     },
     reads_jaxpr},
    {"jaxprs in a jaxpr",
     [](int n) {
       return repeated("{ lambda ; a:f32[]. let b:f32[] = jit[name=f jaxpr=", n) +
              "{ lambda ; a:f32[]. let  in (a,) }" + repeated("] a in (b,) }", n);
     },
     reads_jaxpr},
    {"attributes in StableHLO",
     [](int n) {
       return "module @m attributes {a = " + repeated("[", n) + "1" + repeated("]", n) + "} {\n}\n";
     },
     reads_stablehlo},
    {"regions in StableHLO",
     [](int n) {
       return "module @m {\nfunc.func public @main() {\n" + repeated("\"a.b\"() ({\n", n) +
              repeated("}) : () -> ()\n", n) + "return\n}\n}\n";
     },
     reads_stablehlo},
    {"lists of numbers in StableHLO",
     [](int n) {
       return "module @m attributes {a = dense<" + repeated("[", n) + "1" + repeated("]", n) +
              "> : tensor<" + repeated("1x", n) + "i32>} {\n}\n";
     },
     reads_stablehlo},
    {"types in StableHLO",
     [](int n) {
       return "module @m {\nfunc.func private @f(" + repeated("tuple<", n) + "tensor<i32>" +
              repeated(">", n) + ")\n}\n";
     },
     reads_stablehlo},
    {"shapes in HLO",
     [](int n) {
       return "HloModule m\n\nENTRY e {\n  ROOT a = " + repeated("(", n) + "f32[]" +
              repeated(")", n) + " parameter(0)\n}\n";
     },
     reads_hlo},
    {"lists in HLO",
     [](int n) {
       return "HloModule m\n\nENTRY e {\n  ROOT a = f32[] parameter(0), some=" +
              repeated("{a,", n) + "a" + repeated("}", n) + "\n}\n";
     },
     reads_hlo},
};

TEST(Depth, OfTextsIsLimitedInAllReaders) {
  const int deepest = Limits().depth;
  for (const Nest& nest : kNests) {
    std::string error;
    EXPECT_TRUE(nest.reads(nest.text(50), error)) << nest.what << ": " << error;
    for (const int times : {deepest + 10, 20 * deepest, 1000 * deepest}) {
      EXPECT_FALSE(nest.reads(nest.text(times), error)) << nest.what;
      EXPECT_NE(error.find("nested too deeply"), std::string::npos) << nest.what << ": " << error;
    }
  }
}

}  // namespace
}  // namespace jaxsmith::ir

// HLO: what XLA's parser reads as one token is one here, and layouts and shardings are whole.
#include <gtest/gtest.h>

#include <string>

#include "ir/hlo/parser.h"

namespace jaxsmith::hlo {
namespace {

std::string why_not(const std::string& text) {
  const auto module = parse(text, "m.hlo");
  return module.ok() ? "" : module.error().message;
}

std::string with_lines(const std::string& lines, const std::string& header = "") {
  return "HloModule m" + header + "\n\nENTRY e {\n" + lines + "\n}\n";
}

TEST(HloText, NamesAndTheirSignsAreOneToken) {
  for (const char* good :
       {"  a.1 = f32[4] parameter(0)", "  %a.1= f32[4] parameter(0)", "  a.1 =f32[4] parameter(0)",
        "  a = (f32[4]) parameter(0)\n  ROOT b = f32[4] "
        "get-tuple-element(a), index= 0",
        "  a = f32[4] parameter(0), frontend_attributes={x= \"1\"}"})
    EXPECT_EQ(why_not(with_lines(good)), "") << good;
  for (const char* bad :
       {"  a.1= f32[4] parameter(0)", "  ROOT a.1=f32[4] parameter(0)",
        "  a = (f32[4]) parameter(0)\n  ROOT b = f32[4] get-tuple-element(a), index =0",
        "  a = f32[4] parameter(0), frontend_attributes={x =\"1\"}"})
    EXPECT_NE(why_not(with_lines(bad)), "") << bad;
  EXPECT_EQ(why_not(with_lines("  a = f32[4] parameter(0)", ", num_partitions= 2")), "");
  EXPECT_NE(why_not(with_lines("  a = f32[4] parameter(0)", ", num_partitions =2")), "");
  const auto with_parameter = [](const std::string& parameter) {
    return why_not("HloModule m\n\nENTRY e (" + parameter +
                   ") -> f32[4] {\n  ROOT a = f32[4] parameter(0)\n}\n");
  };
  EXPECT_EQ(with_parameter("a: f32[4]"), "");
  EXPECT_EQ(with_parameter("a:f32[4]"), "");
  EXPECT_NE(with_parameter("a :f32[4]"), "");
  EXPECT_NE(with_parameter("%a: f32[4]"), "");
}

TEST(HloText, LayoutsNameTheDimensions) {
  const auto with_layout = [](const std::string& shape) {
    return why_not(with_lines("  a = f32[4] parameter(0)",
                              ", entry_computation_layout={(" + shape + ")->f32[4]{0}}"));
  };
  EXPECT_EQ(with_layout("f32[4]{0}"), "");
  EXPECT_EQ(with_layout("f32[4]"), "");
  EXPECT_EQ(with_layout("f32[]{}"), "");
  EXPECT_NE(with_layout("f32[4]{}").find("m.hlo:1:"), std::string::npos);
}

TEST(HloText, ShardingsAreOverDevicesThatCanBeCounted) {
  const auto with_sharding = [](const std::string& sharding) {
    return why_not(
        with_lines("  a = f32[4] parameter(0), sharding=" + sharding, ", num_partitions=2"));
  };
  EXPECT_EQ(with_sharding("{devices=[2]<=[2]}"), "");
  EXPECT_EQ(with_sharding("{{devices=[2]0,1}, {replicated}}"), "");
  for (const char* devices :
       {"{devices=[1000000000,1000000000]<=[1000000000000000000]}",
        "{devices=[99999999999999999999]<=[2]}", "{{replicated}, {devices=[0]<=[2]}}"})
    EXPECT_NE(with_sharding(devices).find("devices"), std::string::npos) << devices;
}

}  // namespace
}  // namespace jaxsmith::hlo

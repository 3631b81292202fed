// Jaxprs are text: bytes that are none are refused where they stand.
#include <gtest/gtest.h>

#include <string>

#include "ir/jaxpr/parser.h"

namespace jaxsmith::jaxpr {
namespace {

TEST(JaxprText, BytesThatAreNoUtf8AreRefusedAtTheirPlace) {
  for (const char* bytes : {"\xFF", "\xC3(", "\xED\xA0\x80", "\xE2\x82"}) {
    const auto module = parse(std::string("{ lambda ; a") + bytes + ":f32[2]. let  in (a,) }", "m");
    ASSERT_FALSE(module.ok());
    EXPECT_TRUE(module.error().message.starts_with("m:1:13: it is no UTF-8"))
        << module.error().message;
  }
  EXPECT_TRUE(parse("{ lambda ; a:f32[2]. let b:f32[2] = f[name=\xC3\xA9] a in (b,) }", "m").ok());
}

}  // namespace
}  // namespace jaxsmith::jaxpr

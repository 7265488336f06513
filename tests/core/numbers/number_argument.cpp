#include <doctest/doctest.h>

#include <cstdint>

#include <preflearn/core/numbers/number_argument.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a whole number on a command line is decimal and within its range") {
    for (const char* const right : {"0", "10", "18446744073709551615", "007"}) {
        CAPTURE(right);
        CHECK(number_fault<std::uint64_t>(right).empty());
    }
    for (const char* const wrong : {"-1", "18446744073709551616", "", " 1", "1 ", "0x10", "1e3", "1.0", "+1", "one"}) {
        CAPTURE(wrong);
        const std::string fault = number_fault<std::uint64_t>(wrong);
        CHECK(test::contains(fault, "a whole number from 0 to 18446744073709551615 was expected, found"));
        CHECK(test::contains(fault, wrong));
    }
    CHECK(number_fault<int>("-3").empty());
    CHECK_FALSE(number_fault<int>("2147483648").empty());
}

TEST_CASE("a real number on a command line is finite") {
    for (const char* const right : {"0.5", "5e-1", "-3", "1"}) CHECK(number_fault<double>(right).empty());
    for (const char* const wrong : {"nan", "inf", "-inf", "1e999", "", "0,5", "5%", "0x1p3"}) {
        CAPTURE(wrong);
        CHECK(test::contains(number_fault<double>(wrong), "a finite number was expected"));
    }
}

TEST_CASE("a confidence is a share, and percent are refused with the share that they are") {
    CHECK(confidence_fault("0.95").empty());
    CHECK(test::contains(confidence_fault("95"), "write 0.95"));
    CHECK(test::contains(confidence_fault("1"), "write 0.01"));
    for (const char* const wrong : {"0", "-0.5", "100", "nan"}) CHECK_FALSE(confidence_fault(wrong).empty());
}

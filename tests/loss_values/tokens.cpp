// Token-level losses on the numbers of a CSV file: the library's own values to the last bit, TRL's and TDPO's authors'
// (../loss/golden/make_tokens.py), and what is said of a file that is wrong.
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss_values/tokens.hpp>

using namespace preflearn;

namespace {

constexpr const char* token_header =
    "chosen_token_logps,rejected_token_logps,reference_chosen_token_logps,reference_rejected_token_logps,"
    "chosen_token_log_sum_squares,rejected_token_log_sum_squares,chosen_token_kls,rejected_token_kls,"
    "chosen_token_weak_shifts";

template <class Loss> std::vector<std::string> lines_of(const Loss& loss, const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    std::string written;
    write_loss_values(loss, csv_file(csv_reader(stream, "tokens.csv")),
                      [&](const std::string& some) { written += some; });
    std::istringstream rest(written);
    for (std::string line; std::getline(rest, line);) lines.push_back(line);
    return lines;
}

/// The fields of a line, each with its numbers.
std::vector<std::vector<double>> fields_of(const std::string& line) {
    std::vector<std::vector<double>> fields;
    std::istringstream all(line);
    for (std::string field; std::getline(all, field, ',');) {
        std::istringstream numbers(field);
        fields.emplace_back();
        for (std::string number; numbers >> number;) fields.back().push_back(std::strtod(number.c_str(), nullptr));
    }
    return fields;
}

} // namespace

TEST_CASE("every loss of the list gives the bits of a call on the whole batch") {
    generator random(5, "token columns");
    constexpr std::size_t pairs = 7;
    std::vector<std::vector<double>> columns(9), d(4);
    std::vector<std::size_t> offsets[2]{{0}, {0}};
    std::vector<double> weight, target, values(pairs);
    std::string text = std::string(token_header) + ",weight,target\n";
    for (std::size_t i = 0; i < pairs; ++i) {
        const std::size_t tokens[2]{1 + random.below(9), 1 + random.below(9)};
        for (std::size_t k = 0; k < 9; ++k) {
            for (std::size_t t = 0; t < tokens[k % 2]; ++t) {
                columns[k].push_back((k < 6 ? -3 : 0.5) * random.uniform());
                text += shortest_digits(columns[k].back()) + (t % 2 == 0 ? "  " : "\t");
            }
            text += ',';
        }
        for (const std::size_t side : {0U, 1U}) offsets[side].push_back(offsets[side].back() + tokens[side]);
        weight.push_back(2 * random.uniform());
        target.push_back(random.uniform());
        text += shortest_digits(weight.back()) + ',' + shortest_digits(target.back()) + '\n';
    }
    const token_scores<double> scores{
        .chosen = {{.offsets = offsets[0]}, columns[0], columns[2], columns[4], columns[6], columns[8]},
        .rejected = {{.offsets = offsets[1]}, columns[1], columns[3], columns[5], columns[7], {}},
        .weight = weight,
        .target = target};
    for (std::size_t k = 0; k < 4; ++k) d[k].resize(columns[k % 2].size());
    for_each_token_loss([&]<class Loss>(const Loss& loss) {
        INFO(description_of<Loss>.name);
        loss(scores, token_gradients<double>{{d[0], d[2]}, {d[1], d[3]}, values});
        const std::vector<std::string> lines = lines_of(loss, text);
        REQUIRE(lines.size() == pairs + 1);
        CHECK(lines[0] == std::string("loss,d_chosen_token_logps,d_rejected_token_logps") +
                              (loss_uses_divergence<Loss> ? ",d_chosen_token_kls,d_rejected_token_kls" : ""));
        for (std::size_t i = 0; i < pairs; ++i) {
            const auto found = fields_of(lines[i + 1]);
            CHECK(found.size() == (loss_uses_divergence<Loss> ? 5 : 3));
            CHECK(found[0] == std::vector<double>{values[i]});
            for (std::size_t k = 0; k + 1 < found.size(); ++k) {
                const auto begin = d[k].begin();
                const auto at = [&](std::size_t row) {
                    return begin + static_cast<std::ptrdiff_t>(offsets[k % 2][row]);
                };
                CHECK(found[k + 1] == std::vector<double>(at(i), at(i + 1)));
            }
        }
    });
}

TEST_CASE("by name and from a file values and gradients are those of TRL and of TDPO's authors") {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/tokens.json");
    REQUIRE(file.is_open());
    const nlohmann::json golden = nlohmann::json::parse(file);
    const auto pairs = static_cast<double>(golden["pairs"].size());
    std::string text = std::string(token_header) + "\n";
    for (const nlohmann::json& pair : golden["pairs"]) {
        for (const char* column : {"policy", "reference", "log_sum_squares", "divergence"}) {
            for (const char* side : {"chosen", "rejected"}) {
                for (const double value : pair[side][column]) text += shortest_digits(value) + ' ';
                text += ',';
            }
        }
        text += "0\n";
    }
    std::size_t used = 0;
    for (const nlohmann::json& entry : golden["cases"]) {
        std::string name = entry["loss"];
        std::vector<named_value> parameters{{"beta", shortest_digits(entry["beta"])}};
        const bool weighting = entry.value("weighting", false);
        if (name == "sigmoid" && weighting != entry.contains("ld_alpha")) name = weighting ? "wpo" : "ld_dpo";
        if (name == "ld_dpo") parameters.push_back({"ld_alpha", shortest_digits(entry["ld_alpha"])});
        if (name == "tdpo2") parameters.push_back({"alpha", shortest_digits(entry["alpha"])});
        if (name != "ld_dpo" && name != "wpo" && name != "tdpo1" && name != "tdpo2") continue;
        INFO(name, " beta ", entry["beta"], " ld_alpha ", entry.value("ld_alpha", -1.0));
        ++used;
        use_loss_of_any_kind(name, parameters, [&]<class Loss>(const Loss& loss) {
            if constexpr (TokenLoss<Loss, double>) {
                double sum = 0;
                const std::vector<std::string> lines = lines_of(loss, text);
                for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
                    const auto found = fields_of(lines[i + 1]);
                    sum += found[0][0];
                    for (std::size_t k = 0; k + 1 < found.size(); ++k) {
                        const nlohmann::json& expected =
                            entry[k < 2 ? "gradient" : "divergence_gradient"][k % 2 == 0 ? "chosen" : "rejected"][i];
                        for (const bool last : {false, true})
                            CHECK((last ? found[k + 1].back() : found[k + 1].front()) / pairs ==
                                  doctest::Approx(expected[last ? 1 : 0].get<double>()).epsilon(1e-12));
                    }
                }
                CHECK(sum / pairs == doctest::Approx(entry["value"].get<double>()).epsilon(1e-13));
            }
        });
    }
    CHECK(used == 2 * 3 + 2 + 2 + 4);
}

TEST_CASE("what is missing or wrong is said by file, line, column and token, after the pairs before it") {
    const std::string four = "chosen_token_logps,rejected_token_logps,reference_chosen_token_logps,"
                             "reference_rejected_token_logps";
    const auto complaint = [&](const std::string& row, const std::string& more = "", const std::string& good = "") {
        std::size_t written = 0;
        std::istringstream stream(four + more + "\n-1,-2 -3,-1,-2 -2" + good + "\n" + row);
        try {
            write_loss_values(ld_dpo<>{}, csv_file(csv_reader(stream, "tokens.csv")),
                              [&](const std::string&) { ++written; });
        } catch (const error& failure) {
            CHECK(written == 1);
            return std::string(failure.what());
        }
        return std::string("no complaint");
    };
    CHECK(complaint("-1 -2,-3 x,-1 -1,-1 -1\n") ==
          "tokens.csv:3: column 'rejected_token_logps', token 1: found 'x', a finite number was expected");
    CHECK(complaint("-1 nan,-3,-1 -1,-1\n").starts_with("tokens.csv:3: column 'chosen_token_logps', token 1: "));
    CHECK(complaint("-1 -2,-3,-1,-1\n") == "tokens.csv:3: column 'reference_chosen_token_logps' holds 1 numbers, one "
                                           "for each of 2 tokens was expected");
    CHECK(complaint("-1, ,-1,-1\n") == "tokens.csv:3: column 'reference_rejected_token_logps' holds 1 numbers, one for "
                                       "each of 0 tokens was expected");
    CHECK(complaint("-1,-1,-1,-1,-2\n", ",weight", ",1")
              .starts_with("tokens.csv:3: column 'weight' holds '-2', a finite number of at least 0"));
    CHECK(complaint("-1.5e308 -1.5e308,-1,-1 -1,-1\n").starts_with("tokens.csv:3: the sum over the chosen"));
    CHECK_THROWS_WITH_AS(lines_of(tdpo1<>{}, four + "\n-1,-1,-1,-1\n"),
                         doctest::Contains("tokens.csv: there is no column 'chosen_token_kls' among"), input_error);
    CHECK_THROWS_WITH_AS(lines_of(ld_dpo<>{}, four + "\n"),
                         "tokens.csv: there are no pairs below the names of the columns", input_error);
}

TEST_CASE("an empty field is an empty response, of no account unless the loss divides by its length") {
    const std::string four = "chosen_token_logps,rejected_token_logps,reference_chosen_token_logps,"
                             "reference_rejected_token_logps";
    CHECK(lines_of(ld_dpo<>{}, four + "\n-1 -2,,-1 -2,\n").at(1) == "0.6931471805599453,-0.025 -0.025,");
    CHECK_THROWS_WITH_AS(lines_of(wspo{}, four + ",chosen_token_weak_shifts\n,-1,,-1,\n"),
                         doctest::Contains("tokens.csv:2: its chosen response is empty"), argument_error);
    // WSPO looks at no label
    CHECK(lines_of(wspo{}, four + ",chosen_token_weak_shifts,target,margin\n-1,-1,-1,-1,0,7,x\n").size() == 2);
}

// Losses of single completions on the numbers of a CSV file: the library's own values, TRL's
// (../loss/golden/make_coupled.py), and what is said of a file that is wrong.
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss_values/completions.hpp>

using namespace preflearn;

namespace {

constexpr const char* completion_header = "logp,reference_logp,desirable,mismatched_logp,reference_mismatched_logp";

template <class Loss> completion_columns completions_of(const std::string& text) {
    std::istringstream stream(text);
    return read_completion_columns<Loss>(csv_file(csv_reader(stream, "completions.csv")));
}

/// Of the completions of a golden file, under the loss of that name: whether the mean of the losses and the derivatives
/// over the number of completions are those expected.
void check_completions(const std::string& name, const std::vector<named_value>& parameters, const nlohmann::json& rows,
                       const nlohmann::json& expected, double tolerance) {
    INFO(name, " ", expected.dump());
    std::string text = std::string(completion_header) + '\n';
    for (const nlohmann::json& row : rows)
        for (std::size_t k = 0; k < 5; ++k) text += row[k].dump() + (k < 4 ? ',' : '\n');
    const auto n = static_cast<double>(rows.size());
    use_loss_of_any_kind(name, parameters, [&]<class Loss>(const Loss& loss) {
        if constexpr (UnpairedLoss<Loss, double>) {
            const std::vector<response_loss_value> values = loss_values(loss, completions_of<Loss>(text));
            REQUIRE(values.size() == rows.size());
            double sum = 0;
            for (std::size_t i = 0; i < values.size(); ++i) {
                sum += values[i].loss;
                CHECK(values[i].d_log_prob / n ==
                      doctest::Approx(expected["gradient"][i].get<double>()).epsilon(tolerance));
            }
            CHECK(sum / n == doctest::Approx(expected["value"].get<double>()).epsilon(tolerance));
        } else {
            FAIL("not a loss of completions");
        }
    });
}

} // namespace

TEST_CASE("a line is its completion's share of the batch, with the batch's baseline") {
    generator random(8, "completion columns");
    std::string text = std::string(completion_header) + ",weight,note\n";
    for (int i = 0; i < 9; ++i) {
        for (int k = 0; k < 2; ++k) text += shortest_digits(-20 * random.uniform()) + ',';
        text += random.uniform() < 0.5 ? "true" : "0";
        for (int k = 0; k < 2; ++k) text += ',' + shortest_digits(-20 * random.uniform());
        text += ',' + shortest_digits(2 * random.uniform()) + ",x\n";
    }
    for_each_unpaired_loss([&]<class Loss>(const Loss& loss) {
        INFO(description_of<Loss>.name);
        completion_columns columns = completions_of<Loss>(text);
        const std::vector<response_loss_value> values = loss_values(loss, columns);
        REQUIRE(values.size() == 9);
        std::vector<double> gradient(9);
        loss(columns.scores(), std::span(gradient));
        for (std::size_t i = 0; i < 9; ++i) CHECK(values[i].d_log_prob == gradient[i]);
        const std::vector<double> weight = columns.weight;
        for (std::size_t i = 0; i < 9; ++i) { // all others weigh nothing
            columns.weight.assign(9, 0);
            columns.weight[i] = weight[i];
            CHECK(loss(columns.scores(), std::span<double>()).loss == values[i].loss);
        }
    });
}

TEST_CASE("by name and from a file values and gradients are TRL's: of KTO, of APO-zero, and of BCO's every step") {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/coupled.json");
    REQUIRE(file.is_open());
    const nlohmann::json golden_completions = nlohmann::json::parse(file);
    for (const nlohmann::json& entry : golden_completions["unpaired"]) {
        std::vector<named_value> parameters;
        for (const char* name : {"beta", "desirable_weight", "undesirable_weight"})
            parameters.push_back({name, shortest_digits(entry[name])});
        check_completions(entry["loss"], parameters, entry["completions"], entry, 1e-12);
        if (entry["loss"] != "kto") continue;
        parameters.push_back({"kl", shortest_digits(entry["metrics"]["kl"])});
        check_completions("kto_given_kl", parameters, entry["completions"], entry, 1e-12);
    }
    for (const nlohmann::json& entry : golden_completions["bco"]) {
        const named_value beta{"beta", shortest_digits(entry["beta"])};
        check_completions("bco", {beta}, entry["batches"][0], entry["steps"][0], 1e-6); // δ is a float in TRL
        for (std::size_t i = 0; i < entry["batches"].size(); ++i) {
            const nlohmann::json& step = entry["steps"][i];
            check_completions("bco_given_delta", {beta, {"delta", shortest_digits(step["delta"])}}, entry["batches"][i],
                              step, 1e-12);
        }
    }
}

TEST_CASE("values of responses are lines of CSV") {
    std::istringstream stream("desirable,reference_logp,logp\r\n\"1\" ,-1,-1\r\nFalse,-1,-1\r\n");
    std::string written;
    write_loss_values(apo_zero_unpaired{.beta = 2}, csv_file(csv_reader(stream, "completions.csv")),
                      [&](const std::string& some) { written += some; });
    CHECK(written == "loss,d_logp\n0.5,-0.5\n0.5,0.5\n");
}

TEST_CASE("what is missing or wrong with a completion is said by file, line and column") {
    const auto complaint = [](const std::string& rows, const std::string& more = "") {
        try {
            std::istringstream stream("logp,reference_logp,desirable" + more + "\n" + rows);
            write_loss_values(bco{}, csv_file(csv_reader(stream, "completions.csv")), [](const std::string&) {});
        } catch (const error& failure) {
            return std::string(failure.what());
        }
        return std::string("no complaint");
    };
    CHECK(complaint("-1,-1,1\n-1,-1,yes\n") ==
          "completions.csv:3: column 'desirable' holds 'yes', one of 1, 0, true and false was expected");
    for (const char* no_flag : {"", "2", "-1", "nan", "truE"})
        CHECK(complaint("-1,-1," + std::string(no_flag) + "\n").starts_with("completions.csv:2: column 'desirable'"));
    CHECK(complaint("-1,1e400,1\n") ==
          "completions.csv:2: column 'reference_logp' holds '1e400', a finite number was expected");
    CHECK(complaint("-1,-1,1,-2\n", ",weight").starts_with("completions.csv:2: column 'weight' holds '-2'"));
    CHECK(complaint("-1,-1,1\n-1.5e308,1.5e308,0\n").starts_with("completions.csv:3: the difference of"));
    CHECK(complaint("") == "completions.csv: there are no completions below the names of the columns");
    CHECK_THROWS_WITH_AS(completions_of<kto<>>("logp,reference_logp,desirable\n-1,-1,1\n"),
                         doctest::Contains("there is no column 'mismatched_logp' among"), input_error);
}

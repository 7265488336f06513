#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/programs/labelling/label_file.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

using json = nlohmann::json;

/// A teacher whose policy is one model and whose reference is another, and pairs.
struct labelled_files {
    test::folder folder;
    std::string told;

    labelled_files() {
        test::write_tiny_model(folder / "model", true, 5);
        test::write_tiny_model(folder / "before", true, 6);
        folder.write("pairs.jsonl", test::tiny_pairs(50));
        std::filesystem::create_directory(folder / "teacher");
        write([](teacher_description&) {});
    }
    template <class Change> void write(const Change& change) const {
        teacher_description told_of{
            .kind = "implicit",
            .base = outside_model{(folder / "model").string(), identify_model(folder / "model")},
            .policy = teacher_weights{},
            .reference = teacher_weights{.from = weights_from::outside,
                                         .outside = {(folder / "before").string(), identify_model(folder / "before")}},
            .beta = 0.5,
            .end_token = true};
        change(told_of);
        write_json(to_json(told_of), folder / "teacher/teacher.json");
    }
    [[nodiscard]] label_options options(const std::string& out = "labels.jsonl") const {
        return {.teacher = folder / "teacher", .data = folder / "pairs.jsonl", .out = folder / out};
    }
    labelled_file run(const label_options& given, const work_progress& seen = {}) {
        return label_file(
            test::on_processor(), given, [&](const std::string& line) { told += line + "\n"; }, seen);
    }
    [[nodiscard]] std::vector<json> lines(const std::string& name = "labels.jsonl") const {
        return test::json_lines(folder / name);
    }
    [[nodiscard]] std::string bytes(const std::string& name) const { return test::read(folder / name); }
};

} // namespace

TEST_CASE("pairs are labelled in lines that TRL reads, with what the human said and the teacher's agreement") {
    labelled_files f;
    const labelled_file found = f.run(f.options());
    const auto lines = f.lines();
    CHECK(lines.size() == found.written);
    CHECK(found.records == 50);
    std::size_t agrees = 0;
    for (const json& line : lines) {
        CHECK(line.size() == 9);
        CHECK(line["probability"] == 1);
        CHECK(line["margin"] > 0);
        CHECK(line["weight"] == 1);
        CHECK(line["teacher"].get<std::string>().starts_with("teacher:"));
        CHECK((line["human"] == 1) == line["chosen"].get<std::string>().starts_with("a"));
        agrees += line["human"] == 1;
    }
    CHECK(found.human_verdicts == found.written);
    CHECK(found.human_agreement.value ==
          doctest::Approx(static_cast<double>(agrees) / static_cast<double>(found.written)).epsilon(1e-12));
    CHECK(test::contains(f.told, "the rest will take about"));
    CHECK(f.run(f.options()).was_there);
    CHECK(f.run(f.options()).written == found.written);
    label_options other = f.options();
    other.rule = label_rule{label_rule_kind::soft, 0};
    CHECK(test::contains(test::error_of([&] { f.run(other); }), "nothing is written over"));
}

TEST_CASE("the teacher never sees the human verdict: with verdicts swapped the labels are the same") {
    labelled_files f;
    f.write([](teacher_description& told) { told.rule.name = "soft"; }); // the last bit of a probability, too
    f.run(f.options());
    std::string swapped;
    for (json line : f.lines("pairs.jsonl")) {
        std::swap(line["chosen"], line["rejected"]);
        swapped += line.dump() + "\n";
    }
    f.folder.write("swapped.jsonl", swapped);
    label_options options = f.options("other.jsonl");
    options.data = f.folder / "swapped.jsonl";
    f.run(options);
    std::string unlabelled;
    for (const json& line : f.lines("pairs.jsonl"))
        unlabelled +=
            json{{"id", line["id"]}, {"prompt", line["prompt"]}, {"responses", {line["chosen"], line["rejected"]}}}
                .dump() +
            "\n";
    f.folder.write("unlabelled.jsonl", unlabelled);
    options.data = f.folder / "unlabelled.jsonl";
    options.out = f.folder / "unknown.jsonl";
    CHECK(f.run(options).human_verdicts == 0);
    const auto plain = f.lines(), other = f.lines("other.jsonl"), unknown = f.lines("unknown.jsonl");
    REQUIRE(plain.size() == other.size());
    REQUIRE(plain.size() == unknown.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
        for (const char* const name : {"id", "chosen", "rejected", "margin", "probability"}) {
            CHECK(plain[i][name] == other[i][name]);
            CHECK(plain[i][name] == unknown[i][name]);
        }
        CHECK(plain[i]["human"].get<double>() + other[i]["human"].get<double>() == 1);
        CHECK(unknown[i]["human"].is_null());
    }
}

TEST_CASE("stopped at random moments it goes on to the same bytes, also behind half a line") {
    labelled_files f;
    f.run(f.options("whole.jsonl"));
    generator random(3, "stops");
    std::size_t stops = 0;
    const auto stopped_run = [&] {
        std::size_t blocks = random.below(3);
        try {
            f.run(f.options(), [&](std::string_view, std::size_t, std::size_t, double, double) {
                if (blocks-- == 0) throw std::runtime_error("killed");
            });
        } catch (const std::runtime_error&) {
            ++stops;
            CHECK_FALSE(std::filesystem::exists(f.folder / "labels.jsonl"));
            std::ofstream(f.folder / "labels.jsonl.part", std::ios::app) << R"({"s":[1.5,)";
            return true;
        }
        return false;
    };
    while (stopped_run()) REQUIRE(stops < 100);
    CHECK(stops >= 1);
    CHECK(f.bytes("labels.jsonl") == f.bytes("whole.jsonl"));
    CHECK_FALSE(std::filesystem::exists(f.folder / "labels.jsonl.part"));
    f.folder.write("new.jsonl.part", "# preflearn judgements of another\n");
    CHECK(test::contains(test::error_of([&] { f.run(f.options("new.jsonl")); }), "belongs to a run with other inputs"));
}

TEST_CASE("files beside the labels that are another's are refused before anything is judged, and stay") {
    for (const char* const name : {"labels.left-out.jsonl", "labels.manifest.json", "labels.jsonl.part"}) {
        CAPTURE(name);
        labelled_files f;
        f.folder.write(name, "ten years of notes");
        std::size_t judged = 0;
        const auto seen = [&](std::string_view, std::size_t done, std::size_t, double, double) { judged += done; };
        CHECK(test::contains(test::error_of([&] { f.run(f.options(), seen); }), name));
        CHECK(judged == 0);
        CHECK(f.bytes(name) == "ten years of notes");
        CHECK_FALSE(std::filesystem::exists(f.folder / "labels.jsonl"));
    }
    labelled_files f;
    f.run(f.options());
    f.folder.write("labels.jsonl.part", "ten years of notes");
    CHECK(f.run(f.options()).was_there);
    CHECK(f.bytes("labels.jsonl.part") == "ten years of notes");
}

TEST_CASE("a full disk loses nothing, and an unreadable file is said") {
    labelled_files f;
    f.run(f.options("whole.jsonl"));
    {
        const test::largest_file limit(1500); // of the judgements, or of the labels
        CHECK(test::contains(test::error_of([&] { f.run(f.options()); }), "is the disk full?"));
    }
    CHECK_FALSE(std::filesystem::exists(f.folder / "labels.jsonl"));
    f.run(f.options());
    CHECK(f.bytes("labels.jsonl") == f.bytes("whole.jsonl"));
    label_options options = f.options("none.jsonl");
    options.data = f.folder / "missing.jsonl";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "missing.jsonl: cannot be read"));
    options = f.options("nowhere/none.jsonl");
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "a file cannot be made in this folder"));
}

TEST_CASE("shards one behind the other are the whole, left-out lists included") {
    labelled_files f;
    std::string pairs = f.bytes("pairs.jsonl");
    pairs += R"({"id": "same", "prompt": "a", "chosen": "b", "rejected": "b"})"
             "\n"
             R"({"broken")"
             "\n";
    pairs.insert(pairs.find('\n') + 1, R"({"id": "none", "prompt": "", "chosen": "b", "rejected": "c"})"
                                       "\n");
    f.folder.write("pairs.jsonl", pairs);
    label_options options = f.options("whole.jsonl");
    options.reading.skip_malformed = true;
    const labelled_file whole = f.run(options);
    CHECK(whole.left_out.at("identical_responses") == 1);
    CHECK(whole.left_out.at("empty_prompt") == 1);
    std::string labels, left_out;
    for (std::size_t i = 1; i <= 3; ++i) {
        const std::string name = "shard" + std::to_string(i);
        options.out = f.folder / (name + ".jsonl");
        options.shard = {i, 3};
        f.run(options);
        labels += f.bytes(name + ".jsonl");
        if (std::filesystem::exists(f.folder / (name + ".left-out.jsonl")))
            left_out += f.bytes(name + ".left-out.jsonl");
    }
    CHECK(labels == f.bytes("whole.jsonl"));
    CHECK(left_out == f.bytes("whole.left-out.jsonl"));
    CHECK(f.lines("whole.left-out.jsonl").back()["reason"] == "malformed");
    options.rule = label_rule{label_rule_kind::top, 10};
    options.out = f.folder / "top.jsonl";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "a shard has not all"));
}

TEST_CASE("n responses get scores in the order of the file, whatever the order in which they are shown") {
    labelled_files f;
    f.folder.write("many.jsonl", R"({"id": 1, "prompt": "ab", "responses": ["a", "bc", "ddd"]})"
                                 "\n"
                                 R"({"id": 2, "prompt": "ab", "responses": ["ddd", "a", "bc"]})"
                                 "\n"
                                 R"({"id": 3, "prompt": "ab", "responses": ["bc", "a"]})"
                                 "\n");
    label_options options = f.options();
    options.data = f.folder / "many.jsonl";
    f.run(options);
    const auto lines = f.lines();
    REQUIRE(lines.size() == 3);
    const auto scores = lines[0]["scores"].get<std::vector<double>>();
    CHECK(lines[1]["scores"] == json({scores[2], scores[0], scores[1]}));
    CHECK(lines[0]["responses"] == json({"a", "bc", "ddd"}));
    CHECK(lines[2]["margin"].get<double>() == std::abs(scores[0] - scores[1]));
    CHECK(lines[2]["chosen"] == (scores[0] > scores[1] ? "a" : "bc"));
}

TEST_CASE("conversations are judged in the teacher's format and written as they were") {
    labelled_files f;
    const json user{{"role", "user"}, {"content", "ab"}}, good{{"role", "assistant"}, {"content", "a"}},
        bad{{"role", "assistant"}, {"content", "d"}};
    f.folder.write("talks.jsonl",
                   json{{"id", "t"}, {"prompt", {user}}, {"chosen", {good}}, {"rejected", {bad}}}.dump() + "\n" +
                       json{{"id", "u"}, {"chosen", {user, good}}, {"rejected", {user, bad}}}.dump() + "\n");
    label_options options = f.options();
    options.data = f.folder / "talks.jsonl";
    f.run(options);
    const auto lines = f.lines();
    REQUIRE(lines.size() == 2);
    for (const json& line : lines) {
        CHECK(line["prompt"] == json::array({user}));
        CHECK(line["chosen"] == (line["human"] == 1 ? json::array({good}) : json::array({bad})));
    }
    CHECK(lines[0]["margin"] == lines[1]["margin"]);
}

TEST_CASE("soft labels are calibrated by labelled pairs, weights and flips follow the options") {
    labelled_files f;
    label_options options = f.options();
    options.rule = label_rule{label_rule_kind::soft, 0};
    options.calibrate = f.folder / "pairs.jsonl";
    options.calibration = calibration_kind::isotonic;
    options.weight = label_weight::noise;
    const labelled_file isotonic = f.run(options);
    REQUIRE(isotonic.written > 0);
    for (const json& line : f.lines()) {
        CHECK(line["probability"] > 0.5);
        CHECK(line["weight"].get<double>() == 2 * line["probability"].get<double>() - 1);
    }
    options = f.options("flipped.jsonl");
    options.flips = label_flips{flip_kind::uniform, 0.3};
    const labelled_file turned = f.run(options);
    CHECK(turned.flipped > 5);
    CHECK(turned.flipped < 30);
    options.flips.reset();
    options.weight = label_weight::noise;
    options.out = f.folder / "noise.jsonl";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "calibrated by labelled pairs"));
    options.weight = label_weight::none;
    options.rule = label_rule{label_rule_kind::abstain, 1};
    CHECK(f.run(options).written == 0);
    CHECK(f.lines("noise.left-out.jsonl").front()["reason"] == "abstained");
}

TEST_CASE("another model, format or end rule, and what leads out of the folder, is refused in words") {
    labelled_files f;
    const auto fault = [&](const label_options& options) { return test::error_of([&] { f.run(options); }); };
    label_options options = f.options();
    options.model = f.folder / "before";
    CHECK(test::contains(fault(options), "made with another model"));
    CHECK(test::contains(fault(options), "has other weights"));
    options = f.options();
    options.end_token = false;
    CHECK(test::contains(fault(options), "its end rule is part of it"));
    options = f.options();
    options.chat_format = "chatml";
    CHECK(test::contains(fault(options), "reads conversations as HH transcripts, not as the format chatml"));
    std::filesystem::rename(f.folder / "model", f.folder / "moved");
    CHECK(test::contains(fault(f.options()), "--model says where it is"));
    options = f.options();
    options.model = f.folder / "moved";
    CHECK(f.run(options).written > 0);
}

TEST_CASE("shards judged alone and merged are labelled as one run labels the whole, by rules that look at all") {
    labelled_files f;
    label_options options = f.options("whole.jsonl");
    options.rule = label_rule{label_rule_kind::top, 40};
    options.flips = label_flips{flip_kind::margin, 0.2};
    options.debias_length = true;
    const labelled_file whole = f.run(options);
    CHECK(whole.written == 20);
    REQUIRE(whole.debiasing.has_value());
    CHECK(std::abs(whole.debiasing->after) <= std::abs(whole.debiasing->before));
    label_options shard = f.options();
    shard.judge_only = true;
    for (std::size_t i = 1; i <= 2; ++i) {
        shard.shard = {i, 2};
        shard.out = f.folder / ("part" + std::to_string(i) + ".judged");
        CHECK(f.run(shard).records == 25);
        CHECK(f.run(shard).was_there);
    }
    options.out = f.folder / "merged.jsonl";
    options.merge = {f.folder / "part2.judged", f.folder / "part1.judged"};
    CHECK(to_text(f.run(options)) == to_text(whole));
    CHECK(f.bytes("merged.jsonl") == f.bytes("whole.jsonl"));
    CHECK(f.bytes("merged.left-out.jsonl") == f.bytes("whole.left-out.jsonl"));

    options.out = f.folder / "new.jsonl";
    const auto fault = [&] { return test::error_of([&] { f.run(options); }); };
    options.merge = {f.folder / "part1.judged", f.folder / "part1.judged"};
    CHECK(test::contains(fault(), "is shard 1/2, as"));
    options.merge = {f.folder / "part1.judged"};
    CHECK(test::contains(fault(), "is none of 1 files of judgements that together"));
    options.merge.emplace_back(f.folder / "part2.judged");
    std::string judged = f.bytes("part2.judged");
    judged.resize(judged.rfind('\n', judged.size() - 2) + 1);
    f.folder.write("part2.judged", judged);
    CHECK(test::contains(fault(), "has judgements of 24 records, and shard 2/2 has 25: is its run not finished?"));
    options.seed = 1;
    CHECK(test::contains(fault(), "by this seed"));
    options.shard = {1, 2};
    CHECK(test::contains(fault(), "without a shard of its own"));
}

TEST_CASE("the noise of labels stands in the manifest, by labelled pairs or by what the folder says") {
    labelled_files f;
    f.run(f.options());
    CHECK_FALSE(labels_noise(f.folder / "labels.jsonl").has_value());
    label_options options = f.options("calibrated.jsonl");
    options.calibrate = f.folder / "pairs.jsonl";
    options.calibration = calibration_kind::isotonic;
    const labelled_file found = f.run(options);
    REQUIRE(found.noise.has_value());
    const auto noise = labels_noise(f.folder / "calibrated.jsonl");
    CHECK(noise->rate.value == doctest::Approx(1 - found.human_agreement.value));
    CHECK(noise->pairs == found.written);
    CHECK(test::contains(to_text(found), "right labels, n (1 - 2e)^2"));
    f.write([](teacher_description& told) {
        told.evaluation["noise"] = to_json(noise_estimate{
            .rate = {.value = 0.25, .bounds = {0.2, 0.3}, .count = 9, .status = estimate_status::ok}, .pairs = 11});
    });
    options = f.options("folder.jsonl");
    options.human_noise = 0.1;
    CHECK(f.run(options).noise->labels.pairs == 11);
    CHECK(labels_noise(f.folder / "folder.jsonl")->rate.value == 0.25);
    options.human_noise = 0.5;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "from 0 to below 1/2"));
}

TEST_CASE(
    "an external program that dies, hangs or is silent loses nothing that it answered: the same command goes on") {
    labelled_files f;
    std::filesystem::create_directory(f.folder / "asks");
    write_json(to_json(teacher_description{.kind = "external"}), f.folder / "asks/teacher.json");
    // prefers the first response by the last digit of the id, so that the answers depend on the order alone
    const auto answers = [&](const std::string& end) {
        f.folder.write("judge.awk", "{ match($0, /[0-9]+/); id = substr($0, RSTART, RLENGTH); " + end +
                                        " print \"{\\\"id\\\":\\\"\" id \"\\\",\\\"preferred\\\":\" (id % 2) "
                                        "\"}\"; fflush() }");
    };
    label_options options = f.options();
    options.teacher = f.folder / "asks";
    options.external =
        external_command{.words = {"awk", "-f", (f.folder / "judge.awk").string()}, .seconds = 60, .block = 20};
    answers("");
    f.run(options);
    const std::string whole = f.bytes("labels.jsonl");
    options.out = f.folder / "again.jsonl";
    const auto stops = [&](const std::string& end, const char* what, const char* kept) {
        answers(end);
        const std::string fault = test::error_of([&] { f.run(options); });
        CAPTURE(fault);
        CHECK(test::contains(fault, what));
        CHECK(test::contains(fault, kept));
    };
    stops("if (NR == 8) exit 3;", "ended with 3, after 7 of 20 answers", "; the 7 of 50 that are judged are kept");
    stops("if (NR == 6) next;", "did not answer for pair", "; the 12 of 50 that are judged are kept");
    stops("if (NR == 1) next;", "did not answer for pair", "; the 12 of 50 that are judged are kept");
    options.external->seconds = 0.3;
    stops("if (NR == 4) system(\"sleep 20\");", "took longer than 0.3 seconds",
          " of 50 that are judged are kept"); // as many as a slow machine lets it answer
    options.external->seconds = 60;
    stops("if (NR == 3) print \"{\\\"id\\\":\\\"\" id \"\\\",\\\"preferred\\\":0}\";", "for a second time",
          "answered on line 4");
    answers("");
    f.run(options);
    CHECK(f.bytes("again.jsonl") == whole);
}

TEST_CASE("options of pairs are refused where no record is a pair, and told where some are") {
    labelled_files f;
    const std::string many = R"({"id": 1, "prompt": "ab", "responses": ["a", "bc", "ddd"]})"
                             "\n";
    f.folder.write("many.jsonl", many);
    const auto with = [&](const auto& change) {
        label_options options = f.options("many-labels.jsonl");
        options.data = f.folder / "many.jsonl";
        change(options);
        try {
            f.run(options);
        } catch (const argument_error& failure) {
            return std::string(failure.what());
        }
        return std::string();
    };
    CHECK(test::contains(with([](label_options& o) {
                             o.rule = label_rule{label_rule_kind::top, 50};
                         }),
                         "--rule top: a label of two responses has this"));
    CHECK(test::contains(with([](label_options& o) { o.flips = label_flips{flip_kind::uniform, 0.5}; }), "--flip: "));
    CHECK(test::contains(with([](label_options& o) { o.weight = label_weight::confidence; }), "--weight confidence: "));
    CHECK(test::contains(with([](label_options& o) { o.flips = label_flips{}; }), "many.jsonl:1"));
    CHECK(with([](label_options&) {}).empty());
    f.folder.write("mixed.jsonl", many + f.bytes("pairs.jsonl"));
    label_options options = f.options("mixed-labels.jsonl");
    options.data = f.folder / "mixed.jsonl";
    options.rule = label_rule{label_rule_kind::top, 50};
    options.weight = label_weight::confidence;
    const labelled_file mixed = f.run(options);
    CHECK(mixed.lists == 1);
    CHECK(test::contains(to_text(mixed), "of more than two responses: 1 record, which have scores"));
    CHECK(test::contains(to_text(mixed), "not applied to them: --rule top, --weight confidence"));
    const json result = json::parse(f.bytes("mixed-labels.manifest.json"))["settings"]["result"];
    CHECK(result["not_applied_to_lists"] == "--rule top, --weight confidence");
}

TEST_CASE("calibrated by pairs that it learned from, a teacher has no noise rate, and that is said") {
    labelled_files f;
    const preference_data data = read_preferences(f.folder / "pairs.jsonl", {});
    write_learned_pairs(f.folder / "teacher", data.comparisons());
    label_options options = f.options();
    options.calibrate = f.folder / "pairs.jsonl";
    options.calibration = calibration_kind::isotonic;
    const labelled_file found = f.run(options);
    const std::string text = to_text(found);
    CHECK(test::contains(text, "which are all there are: its probabilities are fitted to what it remembers"));
    CHECK(test::contains(text, "noise: not measured: the teacher learned from all"));
    CHECK(test::contains(text, "of these pairs are among those that the probabilities are calibrated by"));
    CHECK(found.learned_from == 50);
    const json settings = json::parse(f.bytes("labels.manifest.json"))["settings"];
    CHECK(settings["noise"]["rate"]["value"].is_null());
    CHECK(settings["result"]["learned_from"] == 50);
    CHECK(settings["result"]["calibration_learned_from"]["used"] == true);
    CHECK_FALSE(labels_noise(f.folder / "labels.jsonl")->usable());
}

TEST_CASE("margin and probability of a line agree, by an isotonic calibration, too") {
    labelled_files f;
    label_options options = f.options();
    options.rule = label_rule{label_rule_kind::soft, 0};
    options.calibrate = f.folder / "pairs.jsonl";
    options.calibration = calibration_kind::isotonic;
    f.run(options);
    for (const json& line : f.lines())
        CHECK(1 / (1 + std::exp(-line["margin"].get<double>())) == doctest::Approx(line["probability"].get<double>()));
}

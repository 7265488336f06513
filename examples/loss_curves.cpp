// Draws value and gradient of every named loss against the log-ratio margin, as SVG and CSV.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_data.hpp>

#include "command_line/command_line.hpp"

namespace {

struct arguments {
    std::string out;
    double low = -20, high = 20;
    int points = 401;
};

/// Value and d value / d log π of the chosen response of one pair whose log-ratios are half the margin up and half
/// down, 20 tokens each, from a reference of −60 nats.
void add_curve(const std::string& name, const preflearn::any_loss<double>& loss, const arguments& given,
               preflearn::line_plot& value, preflearn::line_plot& gradient) {
    preflearn::plot_series values{.name = name}, slopes = values;
    const std::uint32_t tokens = 20;
    const double reference = -60;
    for (int i = 0; i < given.points; ++i) {
        const double margin = given.low + (given.high - given.low) * i / (given.points - 1);
        const double chosen = reference + margin / 2, rejected = reference - margin / 2;
        double d_chosen = 0, d_rejected = 0;
        const preflearn::loss_sums sums = loss(preflearn::pair_scores<double>{.chosen = {&chosen, 1},
                                                                              .rejected = {&rejected, 1},
                                                                              .reference_chosen = {&reference, 1},
                                                                              .reference_rejected = {&reference, 1},
                                                                              .chosen_tokens = {&tokens, 1},
                                                                              .rejected_tokens = {&tokens, 1}},
                                               preflearn::pair_gradients<double>{{&d_chosen, 1}, {&d_rejected, 1}});
        values.x.push_back(margin);
        values.y.push_back(sums.loss);
        slopes.x.push_back(margin);
        slopes.y.push_back(d_chosen);
    }
    value.series.push_back(values);
    gradient.series.push_back(slopes);
}

void write(const preflearn::line_plot& plot, const std::filesystem::path& stem) {
    preflearn::write_svg(plot, stem.string() + ".svg");
    preflearn::write_csv(preflearn::to_table(plot), stem.string() + ".csv");
}

void run(const arguments& given) {
    const std::filesystem::path folder = given.out;
    std::filesystem::create_directories(folder);
    const std::string x = "margin of the log-ratios, nats";
    preflearn::line_plot all_values{.title = "loss", .x_label = x, .y_label = "loss", .width = 900, .height = 600},
        all_gradients{.title = "d loss / d log-prob of the chosen response", .x_label = x, .width = 900, .height = 600};
    all_values.y_limits = {-1.0, 6.0};
    all_gradients.y_limits = {-0.6, 0.2};
    const auto draw = [&](const std::string& name, const preflearn::any_loss<double>& loss) {
        preflearn::line_plot value{.title = name + ": value", .x_label = x, .y_label = "loss"},
            gradient{.title = name + ": gradient", .x_label = x, .y_label = "d loss / d log-prob of the chosen"};
        add_curve(name, loss, given, value, gradient);
        all_values.series.push_back(value.series[0]);
        all_gradients.series.push_back(gradient.series[0]);
        write(value, folder / (name + "_value"));
        write(gradient, folder / (name + "_gradient"));
    };
    preflearn::for_each_named_loss([&]<class Loss>(const Loss& loss) {
        draw(std::string(preflearn::description_of<Loss>.name), preflearn::any_loss<double>(loss));
    });
    write(all_values, folder / "losses_value");
    write(all_gradients, folder / "losses_gradient");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line options{
        "Draws value and gradient of every preference loss against the margin of the log-ratios, at the\n"
        "losses' defaults: <name>_value and <name>_gradient of each, losses_value and losses_gradient of all,\n"
        "as SVG and CSV."};
    options.add("--out", given.out, "folder to write into").required();
    options.add("--low", given.low, "smallest margin").shows_default();
    options.add("--high", given.high, "largest margin").shows_default();
    options.add("--points", given.points, "points of a curve").shows_default().between(2, 100'000);
    return options.run(argc, argv, [&] {
        preflearn::require(given.low < given.high && given.low > -100 && given.high < 100,
                           "--low and --high: an interval within -100 and 100 was expected, found ", given.low, " to ",
                           given.high);
        run(given);
        return 0;
    });
}

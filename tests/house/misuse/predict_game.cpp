// says: "predict_game takes a board's model (bradley_terry_model) with its rating_fit, or a game_model with its
// game_fit"
#include <preflearn/ranking/errors/predict.hpp>

preflearn::game_prediction use(const preflearn::game_fit& fit, const preflearn::rating_covariance& covariance) {
    return preflearn::predict_game(preflearn::game_model{}, fit.rating, covariance, 0, 1);
}

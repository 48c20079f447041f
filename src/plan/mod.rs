//! Verdicts -> what apply would do, saved and sealed.

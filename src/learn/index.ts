/**
 * Spaces in which neighbours mean something: linear metrics, losses, encoders, factorisations, layouts.
 *
 * @module
 */
export {};

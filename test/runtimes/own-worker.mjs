import "vicinal/worker";

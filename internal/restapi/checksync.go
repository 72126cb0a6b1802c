package restapi

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// tellDevice makes the operation that asks the phones registered as a device to
// do something.
func (a *API) tellDevice(act checksync.Act) func(context.Context, *InDevice) (*list[resource.PhoneAnswer], error) {
	return func(ctx context.Context, in *InDevice) (*list[resource.PhoneAnswer], error) {
		_, d, err := a.device(ctx, *in)
		if err != nil {
			return nil, err
		}
		answers, err := a.cfg.Phones.Tell(ctx, by(ctx).Actor, act, d)
		return a.viewAnswers(ctx, answers, err)
	}
}

// tellPhone makes the operation that asks a phone to do something.
func (a *API) tellPhone(act checksync.Act) func(context.Context, *InPhone) (*list[resource.PhoneAnswer], error) {
	return func(ctx context.Context, in *InPhone) (*list[resource.PhoneAnswer], error) {
		_, p, err := a.phone(ctx, *in)
		if err != nil {
			return nil, err
		}
		answers, err := a.cfg.Phones.TellPhone(ctx, by(ctx).Actor, act, p)
		return a.viewAnswers(ctx, answers, err)
	}
}

func (a *API) viewAnswers(ctx context.Context, answers []checksync.Answer, err error) (*list[resource.PhoneAnswer], error) {
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	views := make([]resource.PhoneAnswer, len(answers))
	for i, answer := range answers {
		views[i] = resource.PhoneAnswer{
			Firmware: answer.UserAgent, Contact: answer.Contact, Taken: answer.Taken(), Status: answer.Status, Reason: answer.Reason, Text: answer.String(),
		}
	}
	return listOf(ctx, views, ""), nil
}
